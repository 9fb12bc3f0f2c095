import { type Cluster, update } from '../account.ts'
import { lasting, underWay } from '../condition.ts'
import { arnOf } from '../naming.ts'
import type { Copy, Server } from '../postgres/servers.ts'
import { progressAt, type Snapshot } from '../snapshot.ts'
import { RdsError } from '../wire/error.ts'
import { type FilterTable, filtered } from '../wire/filters.ts'
import { nameIn, newIdentifier } from '../wire/identifier.ts'
import { pageOf } from '../wire/page.ts'
import { type Params, required, text } from '../wire/params.ts'
import { readTags, type Tags } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { clusterNamed, type World } from '../world.ts'
import { newClusterId, refuseUnusableCluster, reservingServer } from './checks.ts'
import { clusterShape } from './cluster-shape.ts'
import { clusterFrom } from './new-resource.ts'
import { clusterSnapshotShape } from './snapshot-shape.ts'
import { ofWantedType, refuseOverSnapshotQuota, takeSnapshot } from './snapshot-work.ts'

const filters: FilterTable<Snapshot<Cluster>> = {
  'db-cluster-id': ({ source }) => source.id,
  'db-cluster-snapshot-id': ({ id }) => id,
  'snapshot-type': ({ type }) => type,
  engine: () => 'aurora-postgresql',
}

export async function createDBClusterSnapshot(params: Params, world: World): Promise<XmlObject> {
  const id = required(params, 'DBClusterSnapshotIdentifier')
  const cluster = clusterNamed(world, required(params, 'DBClusterIdentifier'))
  const snapshot = await takeClusterSnapshot(world, cluster, id, 'DBClusterSnapshotIdentifier', readTags(params))
  return { DBClusterSnapshot: clusterSnapshotShape(snapshot, world) }
}

/** As for an instance. Aurora's storage takes it: the cluster is `backing-up` only while the copy is really taken. */
export async function takeClusterSnapshot(
  world: World,
  cluster: Cluster,
  name: string,
  parameter: string,
  tags: Tags = new Map(),
): Promise<Snapshot<Cluster>> {
  const id = newIdentifier('cluster-snapshot', parameter, name)
  const { account } = world
  if (account.clusterSnapshots.has(id) || world.faults.take('duplicate-id', 'CreateDBClusterSnapshot')) {
    const message = `Cannot create the cluster snapshot because one with the identifier ${id} already exists.`
    throw new RdsError('DBClusterSnapshotAlreadyExistsFault', message)
  }
  refuseUnusableCluster(world, cluster, 'create a snapshot')
  refuseOverSnapshotQuota(
    world,
    'CreateDBClusterSnapshot',
    account.clusterSnapshots,
    account.quotas.manualClusterSnapshots,
  )
  const setCondition = (condition: Cluster['condition']) =>
    update(account.clusters, cluster.id, (before) => ({ ...before, condition }))
  setCondition(underWay('backing-up'))
  try {
    const inherited = cluster.settings.copyTagsToSnapshot ? cluster.tags : new Map<string, string>()
    const begun = {
      id,
      arn: arnOf(account.region, 'cluster-snapshot', id),
      source: cluster,
      tags: new Map([...inherited, ...tags]),
    }
    return await takeSnapshot(world, 'CreateDBClusterSnapshot', account.clusterSnapshots, begun)
  } finally {
    setCondition(lasting('backing-up', world.now()))
  }
}

export function describeDBClusterSnapshots(params: Params, world: World): XmlObject {
  const name = text(params, 'DBClusterSnapshotIdentifier')
  const cluster = text(params, 'DBClusterIdentifier')
  const named = name === undefined ? [...world.account.clusterSnapshots.values()] : [clusterSnapshotNamed(world, name)]
  const wanted = ofWantedType(params, named).filter(
    ({ source }) => cluster === undefined || source.id === nameIn(cluster),
  )
  const page = pageOf(params, filtered(params, wanted, filters), ({ id }) => id, world.pageSize)
  return {
    DBClusterSnapshots: list(
      'DBClusterSnapshot',
      page.items.map((snapshot) => clusterSnapshotShape(snapshot, world)),
    ),
    Marker: page.marker,
  }
}

export async function deleteDBClusterSnapshot(params: Params, world: World): Promise<XmlObject> {
  const snapshot = clusterSnapshotNamed(world, required(params, 'DBClusterSnapshotIdentifier'))
  const { status } = progressAt(snapshot, world.now())
  if (status === 'creating' || snapshot.copy === undefined || snapshot.type === 'automated') {
    const message = `Cannot delete the cluster snapshot ${snapshot.id}: it is ${snapshot.type} and ${status}.`
    throw new RdsError('InvalidDBClusterSnapshotStateFault', message)
  }
  world.account.clusterSnapshots.delete(snapshot.id)
  await world.servers.remove(snapshot.copy)
  return { DBClusterSnapshot: { ...clusterSnapshotShape(snapshot, world), Status: 'deleted' } }
}

/** Makes a cluster without instances: nobody can connect before CreateDBInstance has put one into it. */
export async function restoreDBClusterFromSnapshot(params: Params, world: World): Promise<XmlObject> {
  const id = newClusterId(params, world)
  const snapshot = clusterSnapshotNamed(world, required(params, 'SnapshotIdentifier'))
  const engine = required(params, 'Engine')
  if (engine !== 'aurora-postgresql') {
    throw new RdsError('InvalidParameterCombination', `The snapshot's engine is aurora-postgresql, not ${engine}.`)
  }
  const { copy, source } = snapshot
  if (progressAt(snapshot, world.now()).status !== 'available' || copy === undefined) {
    const message = `Cannot restore from the cluster snapshot ${snapshot.id} because it is not currently in the available state.`
    throw new RdsError('InvalidDBClusterSnapshotStateFault', message)
  }
  const draft = clusterFrom(params, id, world)
  const begin = () => atRest(copy, world)
  const cluster = await reservingServer(world, `cluster:${id}`, begin, async (server) => {
    const { masterUsername, databaseName } = source
    const restored = { ...draft(server), masterUsername, databaseName }
    world.account.clusters.set(id, restored)
    return restored
  })
  return { DBCluster: clusterShape(cluster, world) }
}

// Started once, so that its port is known and its data are recovered.
async function atRest(copy: Copy, { servers }: World): Promise<Server> {
  const server = await servers.restore(copy)
  await servers.stop(server)
  return server
}

function clusterSnapshotNamed(world: World, name: string): Snapshot<Cluster> {
  const snapshot = world.account.clusterSnapshots.get(nameIn(name))
  if (snapshot !== undefined) return snapshot
  throw new RdsError('DBClusterSnapshotNotFoundFault', `DBClusterSnapshot ${nameIn(name)} not found.`)
}
