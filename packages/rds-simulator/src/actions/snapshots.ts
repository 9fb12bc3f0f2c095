import { type Instance, update } from '../account.ts'
import { lasting, underWay } from '../condition.ts'
import { arnOf } from '../naming.ts'
import { progressAt, type Snapshot } from '../snapshot.ts'
import { RdsError } from '../wire/error.ts'
import { type FilterTable, filtered } from '../wire/filters.ts'
import { nameIn, newIdentifier } from '../wire/identifier.ts'
import { pageOf } from '../wire/page.ts'
import { type Params, required, text } from '../wire/params.ts'
import { readTags, type Tags } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { instanceNamed, type World } from '../world.ts'
import { newInstanceId, refuseInstanceOverQuota, refuseUnusableInstance, reservingServer } from './checks.ts'
import { instanceShape } from './instance-shape.ts'
import { instanceFrom } from './new-resource.ts'
import { snapshotShape } from './snapshot-shape.ts'
import { ofWantedType, refuseOverSnapshotQuota, takeSnapshot } from './snapshot-work.ts'

const filters: FilterTable<Snapshot<Instance>> = {
  'db-instance-id': ({ source }) => source.id,
  'db-snapshot-id': ({ id }) => id,
  'dbi-resource-id': ({ source }) => source.resourceId,
  'snapshot-type': ({ type }) => type,
  engine: () => 'postgres',
}

export async function createDBSnapshot(params: Params, world: World): Promise<XmlObject> {
  const id = required(params, 'DBSnapshotIdentifier')
  const instance = instanceNamed(world, required(params, 'DBInstanceIdentifier'))
  return {
    DBSnapshot: snapshotShape(
      await takeInstanceSnapshot(world, instance, id, 'DBSnapshotIdentifier', readTags(params)),
      world,
    ),
  }
}

/**
 * Takes the copy now, before it answers; after that the snapshot is seen as `creating` for as long as the timing says,
 * and a Single-AZ instance as `backing-up` for the first half of it.
 */
export async function takeInstanceSnapshot(
  world: World,
  instance: Instance,
  name: string,
  parameter: string,
  tags: Tags = new Map(),
): Promise<Snapshot<Instance>> {
  const id = newIdentifier('snapshot', parameter, name)
  refuseMember(instance)
  if (world.account.snapshots.has(id) || world.faults.take('duplicate-id', 'CreateDBSnapshot')) {
    const message = `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`
    throw new RdsError('DBSnapshotAlreadyExists', message)
  }
  refuseUnusableInstance(world, instance, 'create a snapshot')
  refuseOverSnapshotQuota(world, 'CreateDBSnapshot', world.account.snapshots, world.account.quotas.manualSnapshots)
  const setCondition = (condition: Instance['condition']) => {
    if (!instance.multiAz) update(world.account.instances, instance.id, (before) => ({ ...before, condition }))
  }
  setCondition(underWay('backing-up'))
  try {
    const inherited = instance.settings.copyTagsToSnapshot ? instance.tags : new Map<string, string>()
    const arn = arnOf(world.account.region, 'snapshot', id)
    const begun = { id, arn, source: instance, tags: new Map([...inherited, ...tags]) }
    return await takeSnapshot(world, 'CreateDBSnapshot', world.account.snapshots, begun)
  } finally {
    setCondition(lasting('backing-up', world.now() + world.timing.snapshotMs / 2))
  }
}

function refuseMember({ clusterId }: Instance): void {
  if (clusterId === undefined) return
  const message =
    'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.'
  throw new RdsError('InvalidParameterValue', message)
}

export function describeDBSnapshots(params: Params, world: World): XmlObject {
  const name = text(params, 'DBSnapshotIdentifier')
  const instance = text(params, 'DBInstanceIdentifier')
  const resourceId = text(params, 'DbiResourceId')
  const named = name === undefined ? [...world.account.snapshots.values()] : [snapshotNamed(world, name)]
  const wanted = ofWantedType(params, named).filter(
    ({ source }) =>
      (instance === undefined || source.id === nameIn(instance)) &&
      (resourceId === undefined || source.resourceId === resourceId),
  )
  const page = pageOf(params, filtered(params, wanted, filters), ({ id }) => id, world.pageSize)
  return {
    DBSnapshots: list(
      'DBSnapshot',
      page.items.map((snapshot) => snapshotShape(snapshot, world)),
    ),
    Marker: page.marker,
  }
}

/** The data go with it, at once. Servers restored from it have data of their own. */
export async function deleteDBSnapshot(params: Params, world: World): Promise<XmlObject> {
  const snapshot = snapshotNamed(world, required(params, 'DBSnapshotIdentifier'))
  if (snapshot.type === 'automated') {
    throw new RdsError('InvalidDBSnapshotState', 'Only manual snapshots may be deleted.')
  }
  const { status } = progressAt(snapshot, world.now())
  if (status === 'creating' || snapshot.copy === undefined) {
    const message = `Cannot delete the snapshot because it is not currently in the available or failed state: ${snapshot.id} is ${status}.`
    throw new RdsError('InvalidDBSnapshotState', message)
  }
  world.account.snapshots.delete(snapshot.id)
  await world.servers.remove(snapshot.copy)
  return { DBSnapshot: { ...snapshotShape(snapshot, world), Status: 'deleted' } }
}

/** Starts a second PostgreSQL on the copy. Security group, parameter group and Single-AZ are the defaults unless given. */
export async function restoreDBInstanceFromDBSnapshot(params: Params, world: World): Promise<XmlObject> {
  const id = newInstanceId(params, world)
  const snapshot = snapshotNamed(world, required(params, 'DBSnapshotIdentifier'))
  const { copy, source } = snapshot
  if (progressAt(snapshot, world.now()).status !== 'available' || copy === undefined) {
    const message = `Cannot restore from the snapshot ${snapshot.id} because it is not currently in the available state.`
    throw new RdsError('InvalidDBSnapshotState', message)
  }
  refuseInstanceOverQuota(world)
  const draft = instanceFrom(params, id, world)
  const begin = () => world.servers.restore(copy)
  const instance = await reservingServer(world, `db:${id}`, begin, async (server) => {
    const { masterUsername, databaseName, instanceClass } = source
    const kept = { masterUsername, databaseName, instanceClass: text(params, 'DBInstanceClass') ?? instanceClass }
    const restored = { ...draft(server), ...kept }
    world.account.instances.set(id, restored)
    return restored
  })
  return { DBInstance: instanceShape(instance, world) }
}

function snapshotNamed(world: World, name: string): Snapshot<Instance> {
  const snapshot = world.account.snapshots.get(nameIn(name))
  if (snapshot === undefined) throw new RdsError('DBSnapshotNotFound', `DBSnapshot ${nameIn(name)} not found.`)
  return snapshot
}
