import { expect, test } from 'vitest'
import type { Fault } from '../../src/index.ts'
import { providerAt, type Refusal, refused, scopeOf, watched, withCredentials } from '../support/provider.ts'
import { sharedScene } from '../support/scene.ts'

withCredentials()
const scene = sharedScene({ snapshotMs: 60 }, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod' })
  await simulator.addCluster({ id: 'aurora-prod' })
})

let second = 0
const at = () => new Date(Date.UTC(2026, 1, 3, 4, 5, second++))
const provider = () => providerAt(scene.simulator, { instance: 'summit-prod' })
const sent = (action: string) => scene.simulator.requests.filter((request) => request.action === action)

/** A backup under a fault is refused so, and there are no more snapshots than before. */
async function check(
  fault: Fault,
  wanted: { code: string; exitCode: number; says: readonly RegExp[] },
): Promise<Refusal> {
  const before = (await provider().list()).length
  scene.simulator.fault(fault)
  const { watch, began } = watched()
  const refusal = await refused(provider().before(scopeOf({ askedAt: at() }), watch))
  expect(refusal).toMatchObject({ code: wanted.code, exitCode: wanted.exitCode })
  for (const words of wanted.says) expect(`${refusal.message} ${refusal.hint}`).toMatch(words)
  expect(began).toEqual([])
  scene.simulator.clearFaults()
  expect((await provider().list()).length).toBe(before)
  return refusal
}

test('reports an exhausted quota, with its numbers, before asking for a snapshot', async () => {
  await check(
    { kind: 'quota-exceeded' },
    { code: 'AWS_QUOTA_EXCEEDED', exitCode: 1, says: [/\d+ of \d+/, /db:snapshot prune/] },
  )
  expect(sent('CreateDBSnapshot')).toEqual([])
})

test('reports the refusal of AWS where the quota may not be read', async () => {
  scene.simulator.fault({ kind: 'access-denied', action: 'DescribeAccountAttributes' })
  await check({ kind: 'quota-exceeded' }, { code: 'AWS_QUOTA_EXCEEDED', exitCode: 1, says: [/quota/, /prune/] })
})

test.each(['modifying', 'stopped', 'rebooting'])('a source that is %s is refused, naming the state', async (status) => {
  await check(
    { kind: 'status', id: 'summit-prod', status },
    { code: 'AWS_SOURCE_UNAVAILABLE', exitCode: 1, says: [/summit-prod/, new RegExp(`"${status}"`)] },
  )
})

test('a source in storage-optimization is backed up', async () => {
  scene.simulator.fault({ kind: 'status', id: 'summit-prod', status: 'storage-optimization' })
  const handle = await provider().before(scopeOf({ askedAt: at() }), watched().watch)
  expect(handle.state).toBe('available')
})

test.each(['CreateDBSnapshot', 'AddTagsToResource', 'DescribeDBInstances'])(
  'a missing rds:%s is named',
  async (action) => {
    const refusal = await check(
      { kind: 'access-denied', action },
      { code: 'AWS_ACCESS_DENIED', exitCode: 1, says: [new RegExp(`rds:${action}`), /arn:aws:/, /iam-policy/] },
    )
    expect(refusal.details.permission).toBe(`rds:${action}`)
  },
)

test('not being allowed to look at quota and blue/green deployments stops nothing, and is said', async () => {
  scene.simulator.fault({ kind: 'access-denied', action: 'DescribeAccountAttributes' })
  scene.simulator.fault({ kind: 'access-denied', action: 'DescribeBlueGreenDeployments' })
  const { watch, messages } = watched()
  const handle = await provider().before(scopeOf({ askedAt: at() }), watch)
  expect(handle.state).toBe('available')
  expect(messages()).toMatch(/rds:DescribeAccountAttributes/)
  expect(messages()).toMatch(/rds:DescribeBlueGreenDeployments/)
})

test('distinguishes expired from unknown credentials, and says what to do about each', async () => {
  await check(
    { kind: 'expired-token' },
    { code: 'AWS_CREDENTIALS_INVALID', exitCode: 1, says: [/expired/, /aws sso login/] },
  )
  await check({ kind: 'invalid-token' }, { code: 'AWS_CREDENTIALS_INVALID', exitCode: 1, says: [/does not accept/] })
})

test('credentials that expire before the snapshot is asked for leave nothing', async () => {
  await check(
    { kind: 'expired-token', action: 'CreateDBSnapshot' },
    { code: 'AWS_CREDENTIALS_INVALID', exitCode: 1, says: [/expired/] },
  )
})

test('throttling is waited out, at every call', async () => {
  scene.simulator.fault({ kind: 'throttling', times: 5 })
  scene.simulator.fault({ kind: 'throttling', action: 'CreateDBSnapshot', times: 3 })
  scene.simulator.fault({ kind: 'throttling', action: 'DescribeDBSnapshots', times: 3 })
  const handle = await provider().before(scopeOf({ askedAt: at() }), watched().watch)
  expect(handle.state).toBe('available')
  expect(sent('CreateDBSnapshot')).toHaveLength(4)
})

test('reports throttling that does not end', async () => {
  await check({ kind: 'throttling' }, { code: 'AWS_FAILED', exitCode: 1, says: [/throttled/] })
})

test("AWS's own errors are waited out, and told when they do not end", async () => {
  scene.simulator.fault({ kind: 'html-500', times: 3 })
  expect((await provider().before(scopeOf({ askedAt: at() }), watched().watch)).state).toBe('available')
  await check({ kind: 'html-500' }, { code: 'AWS_FAILED', exitCode: 1, says: [/HTTP 500/] })
})

test('when asking for the snapshot never gets an answer, the error names what may be there', async () => {
  const askedAt = at()
  scene.simulator.fault({ kind: 'html-500', action: 'CreateDBSnapshot' })
  const refusal = await refused(provider().before(scopeOf({ askedAt }), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_FAILED', details: { backup: expect.stringMatching(/^pre-rollback-/) } })
  expect(refusal.message).toContain('may have been started')
  expect(await provider().find(String(refusal.details.backup))).toBeUndefined()
})

test('replies that are cut off are asked for again', async () => {
  scene.simulator.fault({ kind: 'cut-off', action: 'DescribeDBInstances', times: 2 })
  scene.simulator.fault({ kind: 'cut-off', action: 'DescribeDBSnapshots', times: 2 })
  expect((await provider().before(scopeOf({ askedAt: at() }), watched().watch)).state).toBe('available')
})

test('a source in another region is not found, and the region is named', async () => {
  const elsewhere = providerAt(scene.simulator, { instance: 'summit-prod', region: 'eu-north-1' })
  const refusal = await refused(elsewhere.before(scopeOf({ askedAt: at() }), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN', exitCode: 2 })
  expect(refusal.message).toMatch(/summit-prod.*eu-north-1/)
})

test('a host in one region and a setting for another is refused before any call', async () => {
  const host = 'summit-prod.abc.eu-north-1.rds.amazonaws.com'
  const refusal = await refused(providerAt(scene.simulator, { host }).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_REGION_MISMATCH', exitCode: 2 })
  expect(scene.simulator.requests).toEqual([])
})

test('reports an API that does not exist', async () => {
  const nowhere = providerAt(scene.simulator, { instance: 'summit-prod', endpoint: 'http://127.0.0.1:9' })
  const refusal = await refused(nowhere.before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_UNREACHABLE', message: expect.stringContaining('nothing listens there') })
})

test('reports a failed snapshot with its id, which stays on record', async () => {
  scene.simulator.fault({ kind: 'snapshot-fails' })
  const { watch, began } = watched()
  const refusal = await refused(provider().before(scopeOf({ askedAt: at() }), watch))
  expect(refusal).toMatchObject({ code: 'BACKUP_FAILED', exitCode: 1, details: { backup: began[0]?.id } })
  expect(refusal.message).toMatch(/"failed"/)
  expect(await provider().find(began[0]?.id ?? '')).toMatchObject({ state: 'failed' })
})

test('a snapshot that takes too long ends the waiting, and says what is left behind', async () => {
  scene.simulator.fault({ kind: 'snapshot-never-finishes' })
  const { watch, began } = watched()
  const hasty = providerAt(scene.simulator, { instance: 'summit-prod', timeoutMs: 250, pollIntervalMs: 50 })
  const refusal = await refused(hasty.before(scopeOf({ askedAt: at() }), watch))
  expect(refusal).toMatchObject({ code: 'BACKUP_TIMEOUT', exitCode: 1, details: { backup: began[0]?.id } })
  expect(refusal.message).toContain('left behind')
  expect(refusal.hint).toContain('--snapshot-timeout')
})

test('Ctrl-C while waiting says what is left behind, and how to look and remove it', async () => {
  scene.simulator.fault({ kind: 'snapshot-never-finishes' })
  const all = watched((message, { abort }) => message.includes('creating') && setTimeout(abort, 10))
  const slow = providerAt(scene.simulator, { instance: 'summit-prod', pollIntervalMs: 60_000, timeoutMs: 600_000 })
  const refusal = await refused(slow.before(scopeOf({ askedAt: at() }), all.watch))
  const id = all.began[0]?.id ?? ''
  expect(refusal).toMatchObject({ code: 'INTERRUPTED', exitCode: 130, details: { backup: id } })
  expect(refusal.message).toContain(`"${id}" is left behind`)
  expect(refusal.hint).toContain(`aws rds delete-db-snapshot --db-snapshot-identifier ${id}`)
  expect(await provider().find(id)).toMatchObject({ state: 'creating', own: true })
})

test('Ctrl-C while AWS takes the snapshot in leaves no snapshot that nobody knows of', async () => {
  scene.simulator.fault({ kind: 'latency', ms: 150 })
  const all = watched()
  const backup = refused(provider().before(scopeOf({ askedAt: at() }), all.watch))
  while (sent('CreateDBSnapshot').length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  all.abort()
  const refusal = await backup
  expect(refusal).toMatchObject({ code: 'INTERRUPTED', details: { backup: all.began[0]?.id } })
  expect(all.began).toHaveLength(1)
})

test('Ctrl-C before that leaves nothing', async () => {
  const all = watched()
  all.abort()
  const refusal = await refused(provider().before(scopeOf({ askedAt: at() }), all.watch))
  expect(refusal.code).toBe('INTERRUPTED')
  expect(sent('CreateDBSnapshot')).toEqual([])
})

test('reports the faults of a cluster as it does those of an instance', async () => {
  const aurora = providerAt(scene.simulator, { cluster: 'aurora-prod' })
  scene.simulator.fault({ kind: 'access-denied', action: 'CreateDBClusterSnapshot', times: 1 })
  const denied = await refused(aurora.before(scopeOf({ askedAt: at() }), watched().watch))
  expect(denied.message).toContain('rds:CreateDBClusterSnapshot')
  scene.simulator.fault({ kind: 'snapshot-fails' })
  expect(await refused(aurora.before(scopeOf({ askedAt: at() }), watched().watch))).toMatchObject({
    code: 'BACKUP_FAILED',
  })
  scene.simulator.clearFaults()
  scene.simulator.fault({ kind: 'cut-off', action: 'CreateDBClusterSnapshot', times: 1 })
  const handle = await aurora.before(scopeOf({ askedAt: at() }), watched().watch)
  expect(handle).toMatchObject({ provider: 'aurora', state: 'available' })
  expect(handle.id).not.toMatch(/-2$/)
})
