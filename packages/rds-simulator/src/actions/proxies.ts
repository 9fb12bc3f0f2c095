import type { DbProxy } from '../account.ts'
import { arnOf, hostOf } from '../naming.ts'
import { RdsError } from '../wire/error.ts'
import { nameIn } from '../wire/identifier.ts'
import { pageOf } from '../wire/page.ts'
import { type Params, required, text } from '../wire/params.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { clusterNamed, instanceNamed, type World } from '../world.ts'
import { vpcId } from './instance-shape.ts'

export function describeDBProxies(params: Params, world: World): XmlObject {
  const name = text(params, 'DBProxyName')
  const all = name === undefined ? [...world.account.proxies.values()] : [proxyNamed(world, name)]
  const page = pageOf(params, all, (proxy) => proxy.name, world.pageSize)
  return {
    DBProxies: list(
      'member',
      page.items.map((proxy) => proxyShape(proxy, world)),
    ),
    Marker: page.marker,
  }
}

/** One target for an instance; for a cluster the cluster itself, then its instances. */
export function describeDBProxyTargets(params: Params, world: World): XmlObject {
  const { target } = proxyNamed(world, required(params, 'DBProxyName'))
  refuseOtherGroup(params)
  if (target.kind === 'instance') return { Targets: list('member', [instanceTarget(target.id, undefined, world)]) }
  const cluster = clusterNamed(world, target.id)
  const tracked = {
    TrackedClusterId: cluster.id,
    RdsResourceId: cluster.id,
    Port: cluster.server.port,
    Type: 'TRACKED_CLUSTER',
  }
  return { Targets: list('member', [tracked, ...cluster.members.map((id) => instanceTarget(id, cluster.id, world))]) }
}

export function describeDBProxyTargetGroups(params: Params, world: World): XmlObject {
  const proxy = proxyNamed(world, required(params, 'DBProxyName'))
  refuseOtherGroup(params)
  const group = {
    DBProxyName: proxy.name,
    TargetGroupName: 'default',
    TargetGroupArn: arnOf(world.account.region, 'target-group', `prx-tg-${proxy.name}`),
    IsDefault: true,
    Status: 'available',
    ConnectionPoolConfig: { MaxConnectionsPercent: 100, MaxIdleConnectionsPercent: 50, ConnectionBorrowTimeout: 120 },
    CreatedDate: proxy.createdAt,
    UpdatedDate: proxy.createdAt,
  }
  return { TargetGroups: list('member', [group]) }
}

function proxyShape({ name, createdAt }: DbProxy, { account, addresses }: World): XmlObject {
  return {
    DBProxyName: name,
    DBProxyArn: arnOf(account.region, 'db-proxy', `prx-${name}`),
    Status: 'available',
    EngineFamily: 'POSTGRESQL',
    VpcId: vpcId,
    Endpoint: hostOf(addresses, account.region, 'proxy', name),
    RequireTLS: false,
    IdleClientTimeout: 1800,
    DebugLogging: false,
    CreatedDate: createdAt,
    UpdatedDate: createdAt,
  }
}

function instanceTarget(id: string, trackedClusterId: string | undefined, world: World): XmlObject {
  const instance = instanceNamed(world, id)
  return {
    Endpoint: hostOf(world.addresses, world.account.region, 'instance', id),
    TrackedClusterId: trackedClusterId,
    RdsResourceId: id,
    Port: instance.server.port,
    Type: 'RDS_INSTANCE',
    Role: 'READ_WRITE',
    TargetHealth: { State: 'AVAILABLE' },
  }
}

function proxyNamed(world: World, name: string): DbProxy {
  const proxy = world.account.proxies.get(nameIn(name))
  if (proxy === undefined) throw new RdsError('DBProxyNotFoundFault', `DBProxy ${name} not found.`)
  return proxy
}

function refuseOtherGroup(params: Params): void {
  const name = text(params, 'TargetGroupName')
  if (name === undefined || name === 'default') return
  throw new RdsError('DBProxyTargetGroupNotFoundFault', `DBProxyTargetGroup ${name} not found.`)
}
