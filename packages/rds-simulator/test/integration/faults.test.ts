import {
  AddTagsToResourceCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  DBSnapshotAlreadyExistsFault,
  DescribeAccountAttributesCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  InvalidDBClusterStateFault,
  InvalidDBInstanceStateFault,
  SnapshotQuotaExceededFault,
} from '@aws-sdk/client-rds'
import { afterEach, expect, test } from 'vitest'
import { availableInstance, clientOf, instanceOf, refusal, sharedScene, snapshotOf, until } from '../support/scene.ts'

const scene = sharedScene({ snapshotMs: 100 }, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod', multiAz: true })
  await simulator.addCluster({ id: 'summit-aurora' })
})

let count = 0
const take = (id = `snapshot-${++count}`, more: { Tags?: { Key: string; Value: string }[] } = {}) =>
  scene.client.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'summit-prod', DBSnapshotIdentifier: id, ...more }),
  )
const takeOfCluster = () =>
  scene.client.send(
    new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: 'summit-aurora',
      DBClusterSnapshotIdentifier: `cluster-${++count}`,
    }),
  )
const describeAll = (client = scene.client) => client.send(new DescribeDBInstancesCommand({}))

afterEach(async () => {
  scene.simulator.clearFaults()
  expect(await instanceOf(scene.client, 'summit-prod')).toMatchObject({ DBInstanceStatus: 'available' })
})

test('a used-up quota refuses both kinds of snapshots, and shows', async () => {
  const { simulator } = scene
  simulator.fault({ kind: 'quota-exceeded' })
  await expect(take()).rejects.toBeInstanceOf(SnapshotQuotaExceededFault)
  await expect(takeOfCluster()).rejects.toBeInstanceOf(SnapshotQuotaExceededFault)
  const { AccountQuotas } = await scene.client.send(new DescribeAccountAttributesCommand({}))
  expect(AccountQuotas).toEqual(
    expect.arrayContaining([
      { AccountQuotaName: 'ManualSnapshots', Used: 100, Max: 100 },
      { AccountQuotaName: 'ManualClusterSnapshots', Used: 100, Max: 100 },
    ]),
  )
  simulator.clearFaults()
  await take()
})

test.each(['modifying', 'stopped', 'backing-up'])('an instance that is %s cannot be snapshotted', async (status) => {
  scene.simulator.fault({ kind: 'status', id: 'summit-prod', status })
  expect((await instanceOf(scene.client, 'summit-prod')).DBInstanceStatus).toBe(status)
  await expect(take()).rejects.toBeInstanceOf(InvalidDBInstanceStateFault)
})

test('an instance whose storage is being optimised can be', async () => {
  scene.simulator.fault({ kind: 'status', id: 'summit-prod', status: 'storage-optimization' })
  expect((await take()).DBSnapshot?.Status).toBe('creating')
})

test('a status for a time is over after it', async () => {
  scene.simulator.fault({ kind: 'status', id: 'summit-prod', status: 'modifying', forMs: 800 })
  await expect(take()).rejects.toBeInstanceOf(InvalidDBInstanceStateFault)
  await availableInstance(scene.client, 'summit-prod')
  await take()
})

test('a cluster that is not available cannot be snapshotted', async () => {
  scene.simulator.fault({ kind: 'status', id: 'summit-aurora', status: 'upgrading' })
  const { DBClusters } = await scene.client.send(new DescribeDBClustersCommand({}))
  expect(DBClusters).toMatchObject([{ Status: 'upgrading' }])
  await expect(takeOfCluster()).rejects.toBeInstanceOf(InvalidDBClusterStateFault)
})

test('an identifier counts as taken once', async () => {
  scene.simulator.fault({ kind: 'duplicate-id', times: 1 })
  await expect(take('unique')).rejects.toBeInstanceOf(DBSnapshotAlreadyExistsFault)
  await take('unique')
})

test('a denied action is refused in the words of IAM, others are not', async () => {
  scene.simulator.fault({ kind: 'access-denied', action: 'CreateDBSnapshot' })
  const denied = take('denied')
  await expect(denied).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })
  expect(await refusal(denied)).toContain(
    'User: arn:aws:iam::123456789012:user/operator is not authorized to perform: rds:CreateDBSnapshot on resource: arn:aws:rds:us-east-1:123456789012:snapshot:denied',
  )
  expect((await describeAll()).DBInstances).toHaveLength(2)
  scene.simulator.clearFaults()
})

test('who may not tag may not create with tags, and nothing is created then', async () => {
  const { simulator, client } = scene
  simulator.fault({ kind: 'access-denied', action: 'AddTagsToResource' })
  const Tags = [{ Key: 'tool', Value: 'x' }]
  expect(await refusal(take('untagged', { Tags }))).toContain('rds:AddTagsToResource')
  expect(await refusal(snapshotOf(client, 'untagged'))).toMatch(/^DBSnapshotNotFoundFault/)
  const { DBInstanceArn: ResourceName } = await instanceOf(client, 'summit-prod')
  expect(await refusal(client.send(new AddTagsToResourceCommand({ ResourceName, Tags })))).toContain(
    'rds:AddTagsToResource',
  )
  await take('untagged')
})

test.each([
  ['expired-token', 'ExpiredToken', 403],
  ['invalid-token', 'InvalidClientTokenId', 403],
  ['throttling', 'Throttling', 400],
] as const)('%s comes as %s', async (kind, name, httpStatusCode) => {
  scene.simulator.fault({ kind })
  await expect(describeAll()).rejects.toMatchObject({ name, $metadata: { httpStatusCode } })
})

test('the real client gets through when it is throttled less often than it tries', async () => {
  const { simulator } = scene
  const patient = clientOf(simulator, { maxAttempts: 3 })
  simulator.fault({ kind: 'throttling', action: 'DescribeDBInstances', times: 2 })
  expect((await describeAll(patient)).$metadata.attempts).toBe(3)
  expect(simulator.requests.map(({ action, error }) => [action, error])).toEqual([
    ['DescribeDBInstances', 'Throttling'],
    ['DescribeDBInstances', 'Throttling'],
    ['DescribeDBInstances', undefined],
  ])
})

test('a snapshot fails at its percentage', async () => {
  scene.simulator.fault({ kind: 'snapshot-fails', atPercent: 30, times: 1 })
  await take('doomed')
  const failed = await until(
    () => snapshotOf(scene.client, 'doomed'),
    ({ Status }) => Status !== 'creating',
  )
  expect(failed).toMatchObject({ Status: 'failed', PercentProgress: 30 })
})

test('a snapshot that never finishes stands still long after its time', async () => {
  scene.simulator.fault({ kind: 'snapshot-never-finishes', atPercent: 70, times: 1 })
  await take('endless')
  await until(
    () => snapshotOf(scene.client, 'endless'),
    ({ PercentProgress }) => PercentProgress === 70,
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await snapshotOf(scene.client, 'endless')).toMatchObject({ Status: 'creating', PercentProgress: 70 })
})

test('an answer that is cut off is an error for the client, but the snapshot was created', async () => {
  scene.simulator.fault({ kind: 'cut-off', action: 'CreateDBSnapshot', times: 1 })
  expect(await refusal(take('unheard'))).not.toBe('not refused')
  expect((await snapshotOf(scene.client, 'unheard')).DBSnapshotIdentifier).toBe('unheard')
})

test('a page of HTML instead of an answer is an error for the client, and nothing was done', async () => {
  scene.simulator.fault({ kind: 'html-500', times: 1 })
  await expect(take('lost')).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } })
  expect(await refusal(snapshotOf(scene.client, 'lost'))).toMatch(/^DBSnapshotNotFoundFault/)
})

test('an answer takes as long as configured', async () => {
  scene.simulator.fault({ kind: 'latency', ms: 250, times: 1 })
  const began = performance.now()
  await describeAll()
  expect(performance.now() - began).toBeGreaterThan(240)
})

test('requests are recorded with their parameters and outcome', async () => {
  await take('recorded')
  await refusal(take('recorded'))
  expect(scene.simulator.requests).toMatchObject([
    {
      action: 'CreateDBSnapshot',
      region: 'us-east-1',
      params: { DBInstanceIdentifier: 'summit-prod', DBSnapshotIdentifier: 'recorded' },
    },
    { action: 'CreateDBSnapshot', error: 'DBSnapshotAlreadyExists' },
  ])
  expect(scene.simulator.requests[0]?.error).toBeUndefined()
})
