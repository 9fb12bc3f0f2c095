import { AddTagsToResourceCommand, CreateDBSnapshotCommand, DeleteDBInstanceCommand } from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import { providerAt, refused, scopeOf, watched, withCredentials } from '../support/provider.ts'
import { availableInstance, connect, instanceOf, sharedScene, until, urlOf } from '../support/scene.ts'

withCredentials()
const scene = sharedScene({ snapshotMs: 100, createMs: 100 }, async (simulator) => {
  await simulator.addInstance({
    id: 'summit-prod',
    databaseName: 'app',
    multiAz: true,
    securityGroups: ['sg-app', 'sg-ops'],
    parameterGroup: 'tuned',
    subnetGroup: 'private',
    tags: { team: 'core' },
    deletionProtection: true,
  })
  await simulator.addInstance({ id: 'staging' })
  await simulator.addCluster({ id: 'aurora-prod', databaseName: 'app', securityGroups: ['sg-app'] })
})

let second = 0
const at = () => new Date(Date.UTC(2026, 2, 4, 5, 6, second++))
const prod = (more = {}) => providerAt(scene.simulator, { instance: 'summit-prod', database: 'app', ...more })
const aurora = () => providerAt(scene.simulator, { cluster: 'aurora-prod', database: 'app' })
const backup = async (provider: ReturnType<typeof prod>) =>
  (await provider.before(scopeOf({ askedAt: at() }), watched().watch)).id
const sent = (action: string) => scene.simulator.requests.filter((request) => request.action === action)

test('restores to a new instance that holds the moment of the snapshot and looks like its source', async () => {
  const source = await instanceOf(scene.client, 'summit-prod')
  const sql = connect(urlOf(source))
  await sql`CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 500) n`
  const id = await backup(prod())
  await sql`DROP TABLE orders`
  const { watch, messages } = watched()
  const place = await prod().restoreTo(id, 'Summit-New', watch)
  const made = await instanceOf(scene.client, 'summit-new')
  const rows = await connect(urlOf(made))`SELECT count(*)::int AS count FROM orders`
  expect(rows[0]?.count).toBe(500)
  expect(made).toMatchObject({
    MultiAZ: true,
    DBSubnetGroup: { DBSubnetGroupName: 'private' },
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-app' }, { VpcSecurityGroupId: 'sg-ops' }],
    DBParameterGroups: [{ DBParameterGroupName: 'tuned' }],
  })
  expect(made.TagList).toEqual(
    expect.arrayContaining([
      { Key: 'team', Value: 'core' },
      { Key: 'migrator:restored-from', Value: id },
    ]),
  )
  expect(place).toMatchObject({
    kind: 'instance',
    name: 'summit-new',
    connection: `postgresql://${made.Endpoint?.Address}:${made.Endpoint?.Port}/app`,
  })
  expect(place.nextSteps.join('\n')).toMatch(/Stop the writers[\s\S]*Point the application[\s\S]*Keep summit-prod/)
  expect(messages()).toMatch(/DB instance summit-new: creating/)
})

test('without a name it makes one of the source and the moment', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const place = await provider.restoreTo(await backup(provider), undefined, watched().watch)
  expect(place.name).toMatch(/^staging-restored-\d{8}-\d{6}$/)
})

test('refuses a name that is taken, by an instance or a cluster, before anything is made', async () => {
  const id = await backup(prod())
  for (const name of ['staging', 'aurora-prod']) {
    const refusal = await refused(prod().restoreTo(id, name, watched().watch))
    expect(refusal).toMatchObject({ code: 'RESTORE_TARGET_EXISTS', exitCode: 2 })
    expect(refusal.message).toContain(`"${name}"`)
  }
  expect(sent('RestoreDBInstanceFromDBSnapshot')).toEqual([])
})

test('refuses a name that AWS would not take, and a snapshot that is not there, before anything is made', async () => {
  expect((await refused(prod().restoreTo('x', 'new_prod', watched().watch))).code).toBe('USAGE_INVALID')
  const refusal = await refused(prod().restoreTo('pre-rollback-19990101-000000', 'fresh', watched().watch))
  expect(refusal).toMatchObject({ code: 'BACKUP_NOT_FOUND', exitCode: 2 })
  expect(sent('RestoreDBInstanceFromDBSnapshot')).toEqual([])
})

test('restores a cluster, with an instance in it so that somebody can connect', async () => {
  const sql = connect(urlOf(await instanceOf(scene.client, 'aurora-prod-1')))
  await sql`CREATE TABLE accounts AS SELECT n AS id FROM generate_series(1, 70) n`
  const id = await backup(aurora())
  await sql`DELETE FROM accounts`
  const place = await aurora().restoreTo(id, 'aurora-new', watched().watch)
  expect(place).toMatchObject({ kind: 'cluster', name: 'aurora-new' })
  const made = await instanceOf(scene.client, 'aurora-new-1')
  expect(made).toMatchObject({ DBClusterIdentifier: 'aurora-new', DBInstanceStatus: 'available' })
  const rows = await connect(urlOf(made))`SELECT count(*)::int AS count FROM accounts`
  expect(rows[0]?.count).toBe(70)
})

test('when the cluster stands and its instance is refused, the error names what was made', async () => {
  const id = await backup(aurora())
  scene.simulator.fault({ kind: 'access-denied', action: 'CreateDBInstance' })
  const refusal = await refused(aurora().restoreTo(id, 'aurora-half', watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_ACCESS_DENIED', details: { made: ['DB cluster aurora-half'] } })
  expect(refusal.message).toMatch(/rds:CreateDBInstance.*aurora-half.*left behind/)
  expect(refusal.hint).toContain('aws rds delete-db-cluster')
})

test('a missing permission to restore is named, and nothing is made', async () => {
  const id = await backup(prod())
  scene.simulator.fault({ kind: 'access-denied', action: 'RestoreDBInstanceFromDBSnapshot' })
  const refusal = await refused(prod().restoreTo(id, 'never-made', watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_ACCESS_DENIED', exitCode: 1 })
  expect(refusal.message).toContain('rds:RestoreDBInstanceFromDBSnapshot')
  expect(refusal.details.made).toBeUndefined()
})

test('a lost reply to the restore does not make the restore fail, nor make a second one', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const id = await backup(provider)
  scene.simulator.fault({ kind: 'cut-off', action: 'RestoreDBInstanceFromDBSnapshot', times: 1 })
  const place = await provider.restoreTo(id, 'staging-lost', watched().watch)
  expect(place.name).toBe('staging-lost')
  expect(sent('RestoreDBInstanceFromDBSnapshot')).toHaveLength(1)
})

test('Ctrl-C while the new instance is made says that it is left behind', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const id = await backup(provider)
  scene.simulator.fault({ kind: 'status', id: 'staging-cut', status: 'creating' })
  const all = watched(
    (message, { abort }) => message.includes('instance staging-cut: creating') && setTimeout(abort, 10),
  )
  const refusal = await refused(provider.restoreTo(id, 'staging-cut', all.watch))
  expect(refusal).toMatchObject({ code: 'INTERRUPTED', exitCode: 130, details: { made: ['DB instance staging-cut'] } })
  expect(refusal.hint).toContain('delete-db-instance')
})

test('names an instance that AWS cannot make available', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const id = await backup(provider)
  scene.simulator.fault({ kind: 'status', id: 'staging-bad', status: 'incompatible-network' })
  const refusal = await refused(provider.restoreTo(id, 'staging-bad', watched().watch))
  expect(refusal).toMatchObject({ code: 'RESTORE_FAILED', details: { made: ['DB instance staging-bad'] } })
  expect(refusal.message).toContain('incompatible-network')
})

test('when the source is gone, it restores from the snapshot alone and says what is missing', async () => {
  await scene.simulator.addInstance({ id: 'short-lived' })
  const provider = providerAt(scene.simulator, { instance: 'short-lived' })
  const id = await backup(provider)
  await scene.client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'short-lived', SkipFinalSnapshot: true }))
  const gone = () =>
    instanceOf(scene.client, 'short-lived').then(
      () => false,
      () => true,
    )
  await until(gone, (is) => is)
  expect((await provider.list()).map((one) => one.id)).toEqual([id])
  const { watch, messages } = watched()
  const place = await provider.restoreTo(id, 'after-life', watch)
  expect(place.nextSteps[0]).toContain('The source short-lived is gone')
  expect(messages()).toContain('is gone')
})

test('lists its own backups of this source only, newest first', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const ids = [await backup(provider), await backup(provider)]
  await availableInstance(scene.client, 'staging')
  const byHand = { DBInstanceIdentifier: 'staging', DBSnapshotIdentifier: 'by-hand' }
  await scene.client.send(new CreateDBSnapshotCommand(byHand))
  const listed = (await provider.list()).map((one) => one.id)
  expect(listed.slice(0, 2)).toEqual(ids.toReversed())
  expect(listed).not.toContain('by-hand')
  const prods = (await prod().list()).map((one) => one.id)
  expect(prods.filter((id) => listed.includes(id))).toEqual([])
})

test('finds what others made, and leaves it alone', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  await availableInstance(scene.client, 'staging')
  const byHand = { DBInstanceIdentifier: 'staging', DBSnapshotIdentifier: 'keep-me' }
  const { DBSnapshot } = await scene.client.send(new CreateDBSnapshotCommand(byHand))
  await scene.client.send(
    new AddTagsToResourceCommand({ ResourceName: DBSnapshot?.DBSnapshotArn, Tags: [{ Key: 'owner', Value: 'dba' }] }),
  )
  expect(await provider.find('keep-me')).toMatchObject({ own: false })
  expect(await refused(provider.remove('keep-me'))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
  expect(await provider.find('keep-me')).toBeDefined()
})

test('removes its own', async () => {
  const provider = providerAt(scene.simulator, { instance: 'staging' })
  const id = await backup(provider)
  await provider.remove(id)
  await until(
    () => provider.find(id),
    (found) => found === undefined,
  )
  expect(await refused(provider.remove(id))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
  expect(await refused(provider.open(id))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
})

test('a simulator on one machine is found by host and port', async () => {
  const { Endpoint } = await instanceOf(scene.client, 'staging')
  const provider = providerAt(scene.simulator, { host: '127.0.0.1', port: Endpoint?.Port })
  expect((await provider.before(scopeOf({ askedAt: at() }), watched().watch)).describe?.().details?.source).toBe(
    'staging',
  )
  const nobody = providerAt(scene.simulator, { host: '127.0.0.1', port: 1 })
  expect(await refused(nobody.before(scopeOf(), watched().watch))).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN' })
})
