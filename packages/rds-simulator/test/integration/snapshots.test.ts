import {
  CreateDBSnapshotCommand,
  DBSnapshotAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  paginateDescribeDBSnapshots,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import {
  availableInstance,
  availableSnapshot,
  connect,
  instanceOf,
  refusal,
  sharedScene,
  snapshotOf,
  urlOf,
} from '../support/scene.ts'

const scene = sharedScene({ snapshotMs: 150 }, async (simulator) => {
  await simulator.addInstance({
    id: 'summit-prod',
    databaseName: 'app',
    securityGroups: ['sg-prod'],
    parameterGroup: 'tuned',
  })
})

const take = (id: string, instance = 'summit-prod') =>
  scene.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: instance, DBSnapshotIdentifier: id }))

const restore = async (snapshot: string, id: string) => {
  const command = new RestoreDBInstanceFromDBSnapshotCommand({
    DBInstanceIdentifier: id,
    DBSnapshotIdentifier: snapshot,
  })
  return (await scene.client.send(command)).DBInstance
}

test('rows written before the snapshot are in the restored instance, later ones are not, and each goes its own way', async () => {
  const { client } = scene
  const source = connect(urlOf(await instanceOf(client, 'summit-prod')))
  await source`CREATE TABLE visits AS SELECT generate_series(1, 1000) AS id`
  await take('before-more')
  await source`INSERT INTO visits VALUES (1001)`
  await availableSnapshot(client, 'before-more')
  expect(await restore('before-more', 'restored')).toMatchObject({ DBInstanceStatus: 'creating' })
  const restored = connect(urlOf(await availableInstance(client, 'restored')))
  expect(await restored`SELECT count(*)::int, max(id) FROM visits`).toEqual([{ count: 1000, max: 1000 }])
  await restored`DELETE FROM visits`
  expect(await source`SELECT count(*)::int FROM visits`).toEqual([{ count: 1001 }])
})

test('a snapshot restores again and again', async () => {
  await take('many-times')
  await availableSnapshot(scene.client, 'many-times')
  await Promise.all([restore('many-times', 'copy-one'), restore('many-times', 'copy-two')])
  const ports = await Promise.all(
    ['copy-one', 'copy-two'].map(async (id) => (await availableInstance(scene.client, id)).Endpoint?.Port),
  )
  expect(new Set(ports).size).toBe(2)
})

test('a restored instance has the defaults, not what its source had', async () => {
  await take('plain')
  await availableSnapshot(scene.client, 'plain')
  expect(await restore('plain', 'plain-restored')).toMatchObject({
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-default00000000' }],
    DBParameterGroups: [{ DBParameterGroupName: 'default.postgres18' }],
    MultiAZ: false,
    DBName: 'app',
  })
  const wish = {
    DBInstanceIdentifier: 'alike',
    DBSnapshotIdentifier: 'plain',
    VpcSecurityGroupIds: ['sg-prod'],
    DBParameterGroupName: 'tuned',
    MultiAZ: true,
    Tags: [{ Key: 'purpose', Value: 'incident' }],
  }
  const { DBInstance } = await scene.client.send(new RestoreDBInstanceFromDBSnapshotCommand(wish))
  expect(DBInstance).toMatchObject({
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-prod' }],
    DBParameterGroups: [{ DBParameterGroupName: 'tuned' }],
    MultiAZ: true,
    TagList: wish.Tags,
  })
})

test('snapshots of several instances are taken at the same time; of one instance only one wins', async () => {
  const { client, simulator } = scene
  await Promise.all([simulator.addInstance({ id: 'left' }), simulator.addInstance({ id: 'right', multiAz: true })])
  const outcomes = await Promise.allSettled([
    take('left-1', 'left'),
    take('left-2', 'left'),
    take('right-1', 'right'),
    take('right-2', 'right'), // Multi-AZ: taken from the standby, so the instance stays available.
  ])
  const [left, right] = [outcomes.slice(0, 2), outcomes.slice(2)].map((some) => some.map(({ status }) => status).sort())
  expect([left, right]).toEqual([
    ['fulfilled', 'rejected'],
    ['fulfilled', 'fulfilled'],
  ])
  for (const id of ['right-1', 'right-2']) await availableSnapshot(client, id)
})

test('tags come back with the snapshot, after those that the instance hands on', async () => {
  const { client, simulator } = scene
  await simulator.addInstance({ id: 'tagged', tags: { team: 'data', stage: 'prod' }, copyTagsToSnapshot: true })
  const Tags = [
    { Key: 'stage', Value: 'incident' },
    { Key: 'tool', Value: 'migrator 0.1.0' },
  ]
  await client.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'tagged', DBSnapshotIdentifier: 'with-tags', Tags }),
  )
  expect((await snapshotOf(client, 'with-tags')).TagList).toEqual([{ Key: 'team', Value: 'data' }, ...Tags])
})

test('what cannot be is refused with the codes of RDS', async () => {
  const { client, simulator } = scene
  simulator.fault({ kind: 'snapshot-never-finishes', times: 1 })
  await take('taken')
  const again = take('Taken')
  await expect(again).rejects.toBeInstanceOf(DBSnapshotAlreadyExistsFault)
  await expect(again).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/^[\da-f-]{36}$/) },
  })
  expect(await refusal(restore('taken', 'too-early'))).toMatch(/^InvalidDBSnapshotStateFault: Cannot restore/)
  expect(await refusal(client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'taken' })))).toMatch(
    /^InvalidDBSnapshotStateFault: Cannot delete/,
  )
  await availableInstance(client, 'summit-prod')
  await take('finished')
  await availableSnapshot(client, 'finished')
  expect(await refusal(restore('finished', 'summit-prod'))).toBe(
    'DBInstanceAlreadyExistsFault: DB instance already exists',
  )
  await expect(snapshotOf(client, 'unknown')).rejects.toBeInstanceOf(DBSnapshotNotFoundFault)
  expect(await refusal(restore('unknown', 'a'))).toMatch(/^DBSnapshotNotFoundFault/)
  expect(await refusal(take('a', 'unknown'))).toMatch(/^DBInstanceNotFoundFault/)
})

test.each(['pre_rollback', '0007-split', 'pre--rollback', 'pre-', 'a'.repeat(256)])(
  'refuses a snapshot called %s',
  async (id) => {
    expect(await refusal(take(id))).toMatch(
      /^InvalidParameterValue: The parameter DBSnapshotIdentifier is not a valid identifier/,
    )
  },
)

test('a deleted snapshot is gone, what was restored from it is not', async () => {
  const { client } = scene
  await availableInstance(client, 'summit-prod')
  await take('brief')
  await availableSnapshot(client, 'brief')
  await restore('brief', 'heir')
  const { DBSnapshot } = await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'brief' }))
  expect(DBSnapshot?.Status).toBe('deleted')
  expect(await refusal(snapshotOf(client, 'brief'))).toMatch(/^DBSnapshotNotFoundFault/)
  const heir = connect(urlOf(await availableInstance(client, 'heir')))
  expect(await heir`SELECT 1 AS one`).toEqual([{ one: 1 }])
})

test('snapshots are listed by instance, by type and in pages', async () => {
  const { client, simulator } = scene
  await simulator.addInstance({ id: 'listed', multiAz: true })
  const manual = ['listed-a', 'listed-b', 'listed-c']
  for (const id of manual) await take(id, 'listed')
  const automated = await simulator.addAutomatedSnapshot('listed')
  expect(automated).toMatch(/^rds:listed-\d{4}-\d\d-\d\d-\d\d-\d\d$/)
  const list = async (more: { SnapshotType?: string }) => {
    const { DBSnapshots } = await client.send(
      new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'listed', ...more }),
    )
    return DBSnapshots?.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)
  }
  expect(await list({})).toEqual([...manual, automated])
  expect(await list({ SnapshotType: 'manual' })).toEqual(manual)
  expect(await list({ SnapshotType: 'automated' })).toEqual([automated])
  expect(await refusal(list({ SnapshotType: 'odd' }))).toBe('InvalidParameterValue: Invalid snapshot type: odd')
  expect(await refusal(client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: automated })))).toBe(
    'InvalidDBSnapshotStateFault: Only manual snapshots may be deleted.',
  )
  expect(await refusal(client.send(new DescribeDBSnapshotsCommand({ MaxRecords: 5 })))).toMatch(
    /^InvalidParameterValue/,
  )
})

test('the client follows pages of the size that it asks for', async () => {
  const { client } = scene
  const seen: (string | undefined)[] = []
  for await (const page of paginateDescribeDBSnapshots({ client }, { SnapshotType: 'manual' })) {
    seen.push(...(page.DBSnapshots ?? []).map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier))
  }
  expect(seen).toEqual([...seen].sort())
  expect(seen.length).toBeGreaterThan(8)
})
