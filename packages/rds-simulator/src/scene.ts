import type { Cluster, Instance } from './account.ts'
import { newClusterId, newInstanceId, reservingServer } from './actions/checks.ts'
import { createDBInstance } from './actions/instances.ts'
import { databaseStatements } from './actions/master-user.ts'
import { clusterFrom } from './actions/new-resource.ts'
import { takeSnapshot } from './actions/snapshot-work.ts'
import { available } from './condition.ts'
import { arnOf, hostOf, randomId } from './naming.ts'
import type { Server } from './postgres/servers.ts'
import type { Params } from './wire/params.ts'
import { clusterNamed, instanceNamed, livingClusters, type World } from './world.ts'

export interface NewInstance {
  readonly id: string
  /** Beside `postgres`, which is always there. */
  readonly databaseName?: string
  readonly multiAz?: boolean
  readonly securityGroups?: readonly string[]
  readonly parameterGroup?: string
  readonly instanceClass?: string
  readonly subnetGroup?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly copyTagsToSnapshot?: boolean
  readonly deletionProtection?: boolean
}

export interface NewCluster extends Omit<NewInstance, 'multiAz' | 'instanceClass'> {
  /** Identifiers of its instances, the writer first. Default: one, `<id>-1`. */
  readonly members?: readonly string[]
}

export interface Added {
  readonly id: string
  readonly arn: string
  /** Amazon's own identifier, `db-…` or `cluster-…`. */
  readonly resourceId: string
  readonly host: string
  readonly port: number
  /** Connects, whatever `addresses` says: master user postgres, password postgres. */
  readonly databaseUrl: string
}

export interface AddedCluster extends Added {
  readonly readerHost: string
  readonly members: readonly string[]
}

/** What is there without having been asked for through the API, and is `available` at once. Throws RdsError as the API would. */
export interface Scene {
  addInstance(instance: NewInstance): Promise<Added>
  addCluster(cluster: NewCluster): Promise<AddedCluster>
  /** A custom endpoint of an Aurora cluster. Resolves to its host. */
  addClusterEndpoint(endpoint: {
    readonly id: string
    readonly clusterId: string
    readonly type?: 'READER' | 'ANY'
  }): string
  /** In front of an instance or a cluster. Resolves to its host. */
  addProxy(proxy: { readonly name: string; readonly targetId: string }): string
  /** Of an instance or a cluster. Resolves to its identifier. Default status AVAILABLE. */
  addBlueGreenDeployment(deployment: {
    readonly name: string
    readonly sourceId: string
    readonly status?: string
  }): string
  /** One that RDS took automatically, as it does daily: `rds:<instance>-<time>`. Resolves to its identifier. */
  addAutomatedSnapshot(instanceId: string): Promise<string>
}

export function createScene(world: World): Scene {
  const { account } = world
  return {
    async addInstance(wanted) {
      await createDBInstance(asParams(wanted, { Engine: 'postgres', MasterUsername: 'postgres' }), world)
      const instance = settle(account.instances, instanceNamed(world, wanted.id))
      return described(world, instance, 'instance')
    },
    addCluster: (wanted) => addCluster(wanted, world),
    addClusterEndpoint({ id, clusterId, type = 'ANY' }) {
      const cluster = clusterNamed(world, clusterId)
      account.endpoints.set(id, { id, clusterId: cluster.id, type, members: cluster.members })
      return hostOf(world.addresses, account.region, 'custom', id)
    },
    addProxy({ name, targetId }) {
      account.proxies.set(name, { name, target: targetNamed(world, targetId), createdAt: new Date(world.now()) })
      return hostOf(world.addresses, account.region, 'proxy', name)
    },
    addBlueGreenDeployment({ name, sourceId, status = 'AVAILABLE' }) {
      const id = randomId('bgd', 16).toLowerCase()
      const { kind } = targetNamed(world, sourceId)
      const sourceArn = arnOf(account.region, kind === 'instance' ? 'db' : 'cluster', sourceId)
      const targetArn = `${sourceArn}-green-${id.slice(4, 10)}`
      account.deployments.set(id, {
        id,
        name,
        sourceArn,
        targetArn,
        status,
        createdAt: new Date(world.now()),
        tags: new Map(),
      })
      return id
    },
    async addAutomatedSnapshot(instanceId) {
      const source = instanceNamed(world, instanceId)
      const id = `rds:${source.id}-${new Date(world.now()).toISOString().slice(0, 16).replace(/[T:]/g, '-')}`
      const begun = { id, arn: arnOf(account.region, 'snapshot', id), source, tags: source.tags }
      await takeSnapshot(world, 'automated', account.snapshots, begun, 'automated')
      return id
    },
  }
}

async function addCluster(wanted: NewCluster, world: World): Promise<AddedCluster> {
  const { account, servers } = world
  const params = asParams(wanted, { DBClusterIdentifier: wanted.id })
  const id = newClusterId(params, world)
  const members = wanted.members ?? [`${id}-1`]
  for (const member of members) newInstanceId(new Map([['DBInstanceIdentifier', member]]), world)
  const draft = clusterFrom(params, id, world)
  const cluster = await reservingServer(world, `cluster:${id}`, servers.create, async (server) => {
    await servers.administer(server, databaseStatements(wanted.databaseName))
    return settle(account.clusters, draft(server))
  })
  // The server runs already: the first member has nothing to start.
  for (const member of members) {
    const about = {
      DBInstanceIdentifier: member,
      DBInstanceClass: 'db.r6g.large',
      Engine: 'aurora-postgresql',
      DBClusterIdentifier: id,
    }
    await createDBInstance(new Map(Object.entries(about)), world)
    settle(account.instances, instanceNamed(world, member))
  }
  const readerHost = hostOf(world.addresses, account.region, 'reader', id)
  return { ...described(world, cluster, 'writer'), readerHost, members }
}

function settle<Item extends Instance | Cluster>(items: Map<string, Item>, item: Item): Item {
  const settled = { ...item, condition: available }
  items.set(item.id, settled)
  return settled
}

function described(world: World, item: Instance | Cluster, kind: 'instance' | 'writer'): Added {
  const { id, arn, resourceId, server } = item
  const host = hostOf(world.addresses, world.account.region, kind, id)
  return { id, arn, resourceId, host, port: server.port, databaseUrl: urlOf(server, item.databaseName) }
}

const urlOf = ({ port }: Server, database = 'postgres'): string =>
  `postgresql://postgres:postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`

function targetNamed(world: World, id: string): { readonly kind: 'instance' | 'cluster'; readonly id: string } {
  if (livingClusters(world).some((cluster) => cluster.id === id)) return { kind: 'cluster', id }
  return { kind: 'instance', id: instanceNamed(world, id).id }
}

/** The API's own parameters: whatever is added is checked as if it had been asked for through the API. */
function asParams(wanted: NewInstance | NewCluster, more: Readonly<Record<string, string>>): Params {
  const params = new Map(Object.entries({ DBInstanceIdentifier: wanted.id, DBInstanceClass: 'db.m6g.large', ...more }))
  const set = (name: string, value: string | boolean | undefined) =>
    value !== undefined && params.set(name, String(value))
  set('DBName', wanted.databaseName)
  set('MultiAZ', 'multiAz' in wanted ? wanted.multiAz : undefined)
  set('DBInstanceClass', 'instanceClass' in wanted ? wanted.instanceClass : undefined)
  set('DBParameterGroupName', wanted.parameterGroup)
  set('DBSubnetGroupName', wanted.subnetGroup)
  set('CopyTagsToSnapshot', wanted.copyTagsToSnapshot)
  set('DeletionProtection', wanted.deletionProtection)
  for (const [index, group] of (wanted.securityGroups ?? []).entries())
    set(`VpcSecurityGroupIds.VpcSecurityGroupId.${index + 1}`, group)
  for (const [index, [key, value]] of Object.entries(wanted.tags ?? {}).entries()) {
    set(`Tags.Tag.${index + 1}.Key`, key)
    set(`Tags.Tag.${index + 1}.Value`, value)
  }
  return params
}
