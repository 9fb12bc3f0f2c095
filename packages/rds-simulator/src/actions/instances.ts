// One file a group of API actions: check, work, answer. Here nothing may know HTTP.
import { type Instance, update } from '../account.ts'
import { lasting, vanishing } from '../condition.ts'
import { arnOf } from '../naming.ts'
import { RdsError } from '../wire/error.ts'
import { type FilterTable, filtered } from '../wire/filters.ts'
import { pageOf } from '../wire/page.ts'
import { flag, type Params, required, text, texts } from '../wire/params.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { clusterNamed, instanceNamed, livingInstances, statusIn, type World } from '../world.ts'
import { newInstanceId, refuseInstanceOverQuota, refuseUnusableInstance, reservingServer } from './checks.ts'
import { engineOf, instanceShape } from './instance-shape.ts'
import { databaseStatements, masterUser, userStatements } from './master-user.ts'
import { addMember, removeMember, renameMember } from './members.ts'
import { instanceFrom, settingsFrom } from './new-resource.ts'
import { takeInstanceSnapshot } from './snapshots.ts'

const filters: FilterTable<Instance> = {
  'db-cluster-id': ({ clusterId }) => clusterId,
  'db-instance-id': ({ id }) => id,
  'dbi-resource-id': ({ resourceId }) => resourceId,
  engine: engineOf,
}

export function describeDBInstances(params: Params, world: World): XmlObject {
  const name = text(params, 'DBInstanceIdentifier')
  const named = name === undefined ? livingInstances(world) : [instanceNamed(world, name)]
  const page = pageOf(params, filtered(params, named, filters), ({ id }) => id, world.pageSize)
  return {
    DBInstances: list(
      'DBInstance',
      page.items.map((instance) => instanceShape(instance, world)),
    ),
    Marker: page.marker,
  }
}

/** A plain one gets a PostgreSQL of its own; one with DBClusterIdentifier joins that cluster. */
export async function createDBInstance(params: Params, world: World): Promise<XmlObject> {
  const id = newInstanceId(params, world)
  required(params, 'DBInstanceClass')
  const engine = required(params, 'Engine')
  refuseInstanceOverQuota(world)
  const clusterName = text(params, 'DBClusterIdentifier')
  if (engine !== (clusterName === undefined ? 'postgres' : 'aurora-postgresql')) {
    throw new RdsError('InvalidParameterCombination', `The engine ${engine} is not what is wanted here.`)
  }
  if (clusterName !== undefined)
    return { DBInstance: await addMember(params, id, clusterNamed(world, clusterName), world) }
  return { DBInstance: instanceShape(await createPlain(params, id, world), world) }
}

function createPlain(params: Params, id: string, world: World): Promise<Instance> {
  const { servers, account } = world
  const user = masterUser(required(params, 'MasterUsername'))
  const draft = instanceFrom(params, id, world)
  return reservingServer(world, `db:${id}`, servers.create, async (server) => {
    await servers.administer(server, [
      ...userStatements(user, text(params, 'MasterUserPassword')),
      ...databaseStatements(text(params, 'DBName')),
    ])
    const instance = draft(server)
    account.instances.set(id, instance)
    return instance
  })
}

/** What needs no window is changed at once; class and Multi-AZ wait, unless ApplyImmediately. */
export async function modifyDBInstance(params: Params, world: World): Promise<XmlObject> {
  const instance = instanceNamed(world, required(params, 'DBInstanceIdentifier'))
  refuseUnusableInstance(world, instance, 'modify')
  const renamed = text(params, 'NewDBInstanceIdentifier')
  const id = renamed === undefined ? instance.id : newInstanceId(params, world, 'NewDBInstanceIdentifier')
  const changed = modified(params, instance, world)
  const password = text(params, 'MasterUserPassword')
  if (password !== undefined) {
    await world.servers.administer(instance.server, userStatements(instance.masterUsername, password))
  }
  world.account.instances.delete(instance.id)
  const result: Instance = { ...changed, id, arn: arnOf(world.account.region, 'db', id) }
  world.account.instances.set(id, result)
  if (instance.clusterId !== undefined) renameMember(world, instance.clusterId, instance.id, id)
  return { DBInstance: instanceShape(result, world) }
}

function modified(params: Params, instance: Instance, world: World): Instance {
  const multiAz = flag(params, 'MultiAZ')
  const instanceClass = text(params, 'DBInstanceClass')
  const deferrable = {
    ...(multiAz === undefined ? {} : { multiAz }),
    ...(instanceClass === undefined ? {} : { instanceClass }),
  }
  const atOnce = flag(params, 'ApplyImmediately') ?? false
  return {
    ...instance,
    ...(atOnce
      ? { ...instance.pending, ...deferrable, pending: {} }
      : { pending: { ...instance.pending, ...deferrable } }),
    securityGroups: texts(params, 'VpcSecurityGroupIds') ?? instance.securityGroups,
    parameterGroup: text(params, 'DBParameterGroupName') ?? instance.parameterGroup,
    settings: settingsFrom(params, instance.settings),
    condition: lasting('modifying', world.now() + world.timing.modifyMs),
  }
}

/** Its PostgreSQL is stopped and its data are removed before the answer; it is seen as `deleting` for a while longer. */
export async function deleteDBInstance(params: Params, world: World): Promise<XmlObject> {
  const instance = instanceNamed(world, required(params, 'DBInstanceIdentifier'))
  refuseDeletion(params, instance, world)
  const final = text(params, 'FinalDBSnapshotIdentifier')
  if (final !== undefined) await takeInstanceSnapshot(world, instance, final, 'FinalDBSnapshotIdentifier')
  const leaving = vanishing(world.now() + world.timing.deleteMs)
  update(world.account.instances, instance.id, (before) => ({ ...before, condition: leaving }))
  if (instance.clusterId === undefined) await world.servers.remove(instance.server)
  else await removeMember(world, instance.clusterId, instance.id)
  return { DBInstance: instanceShape({ ...instance, condition: leaving }, world) }
}

function refuseDeletion(params: Params, instance: Instance, world: World): void {
  const skips = flag(params, 'SkipFinalSnapshot') ?? false
  const final = text(params, 'FinalDBSnapshotIdentifier')
  if (instance.settings.deletionProtection) {
    const message = 'Cannot delete protected DB Instance, please disable deletion protection and try again.'
    throw new RdsError('InvalidParameterCombination', message)
  }
  if (['deleting', 'backing-up'].includes(statusIn(world, instance) ?? '')) {
    throw new RdsError(
      'InvalidDBInstanceState',
      `Instance ${instance.id} is not in a state in which it can be deleted.`,
    )
  }
  if (instance.clusterId !== undefined) return
  if (skips && final !== undefined) {
    const message = 'FinalDBSnapshotIdentifier cannot be specified when skipping a final snapshot.'
    throw new RdsError('InvalidParameterCombination', message)
  }
  if (!skips && final === undefined) {
    const message = 'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.'
    throw new RdsError('InvalidParameterCombination', message)
  }
}
