import { expect, test } from 'vitest'
import { providerAt, refused, scopeOf, watched, withCredentials } from '../support/provider.ts'
import { instanceOf, sharedScene } from '../support/scene.ts'

withCredentials()
const scene = sharedScene({ addresses: 'amazon', snapshotMs: 400 }, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod', databaseName: 'app' })
  await simulator.addCluster({ id: 'aurora-prod', members: ['aurora-writer', 'aurora-reader'] })
})

const HASH = /^summit-prod\.[a-z0-9]+\./
const hostOf = async (id: string) => (await instanceOf(scene.client, id)).Endpoint?.Address ?? ''

/** A second of its own for every test, so that names do not meet. */
let second = 0
const at = () => new Date(Date.UTC(2026, 0, 2, 3, 4, second++))
const creates = () => scene.simulator.requests.filter(({ action }) => action.startsWith('Create'))

test('takes a snapshot of the instance that the host names, waits for it, and tells how to restore it', async () => {
  const { simulator } = scene
  const host = await hostOf('summit-prod')
  expect(host).toMatch(HASH)
  const { watch, began, progress } = watched()
  const provider = providerAt(simulator, { host, region: undefined })
  const handle = await provider.before(scopeOf({ askedAt: new Date('2026-11-05T06:07:08Z') }), watch)
  expect(provider.name).toBe('rds')
  expect(handle).toMatchObject({
    id: 'pre-rollback-20261105-060708',
    provider: 'rds',
    state: 'available',
    restores: 'elsewhere',
  })
  expect(Date.now() - Date.parse(handle.createdAt)).toBeLessThan(10_000)
  expect(began).toMatchObject([
    { id: handle.id, details: { region: simulator.region, kind: 'instance', source: 'summit-prod' } },
  ])
  expect(progress.some(({ percent = 0 }) => percent > 0 && percent < 100)).toBe(true)
  expect(progress.at(-1)).toMatchObject({ percent: 100 })
  expect(handle.describe?.().restoreCommand).toMatch(
    /^db:restore pre-rollback-20261105-060708 --to summit-prod-restored-\d{8}-\d{6}$/,
  )
  const refusal = await refused(handle.restore())
  expect(refusal).toMatchObject({
    code: 'RESTORE_ELSEWHERE',
    hint: expect.stringContaining('db:restore pre-rollback-'),
  })
})

test('tags the snapshot with tool, run, migrations and commit, and finds it by them', async () => {
  const provider = providerAt(scene.simulator, { instance: 'summit-prod' })
  const steps = ['0003_c', '0002_b'].map((id) => ({ id, direction: 'down' as const }))
  const { id } = await provider.before(scopeOf({ askedAt: at(), runId: 'run-tags', steps }), watched().watch)
  const [create] = creates()
  const tags = Object.values(create?.params ?? {})
  for (const value of ['@repo/migrator', '1.2.3', 'run-tags', '0003_c 0002_b', 'a1b2c3d', 'rollback'])
    expect(tags).toContain(value)
  expect(await provider.find(id)).toMatchObject({ own: true, runId: 'run-tags', migrations: ['0003_c', '0002_b'] })
  expect((await provider.list()).map((one) => one.id)).toContain(id)
})

test('takes a cluster snapshot where the host is of an Aurora cluster, or the instance a member of one', async () => {
  const { simulator } = scene
  const hosts = [
    await hostOf('aurora-reader'),
    `aurora-prod.cluster-abc123def456.${simulator.region}.rds.amazonaws.com`,
  ]
  const member = await providerAt(simulator, { host: hosts[0] ?? '' }).before(
    scopeOf({ askedAt: at() }),
    watched().watch,
  )
  expect(member.describe?.().text).toContain('DB cluster snapshot')
  expect(creates().map(({ action }) => action)).toEqual(['CreateDBClusterSnapshot'])
  const named = await providerAt(simulator, { instance: 'aurora-writer' }).before(
    scopeOf({ askedAt: at() }),
    watched().watch,
  )
  expect(named.describe?.().text).toContain('DB cluster snapshot')
})

test('follows a custom endpoint and a proxy to what stands behind them', async () => {
  const { simulator } = scene
  const custom = simulator.addClusterEndpoint({ id: 'reports', clusterId: 'aurora-prod' })
  const toInstance = simulator.addProxy({ name: 'front', targetId: 'summit-prod' })
  const toCluster = simulator.addProxy({ name: 'back', targetId: 'aurora-prod' })
  const sources = []
  for (const host of [custom, toInstance, toCluster]) {
    const handle = await providerAt(simulator, { host }).before(scopeOf({ askedAt: at() }), watched().watch)
    sources.push(handle.describe?.().details?.source)
  }
  expect(sources).toEqual(['aurora-prod', 'summit-prod', 'aurora-prod'])
})

test('takes the next name where one is taken', async () => {
  const askedAt = at()
  const provider = providerAt(scene.simulator, { instance: 'summit-prod' })
  const first = await provider.before(scopeOf({ askedAt }), watched().watch)
  const second = await provider.before(scopeOf({ askedAt, runId: 'run-1' }), watched().watch)
  expect(second.id).toBe(`${first.id}-2`)
})

test('a reply that is lost does not lead to a second snapshot', async () => {
  const provider = providerAt(scene.simulator, { instance: 'summit-prod' })
  const before = (await provider.list()).length
  scene.simulator.fault({ kind: 'cut-off', action: 'CreateDBSnapshot', times: 1 })
  const { watch, began } = watched()
  const handle = await provider.before(scopeOf({ askedAt: at(), runId: 'run-lost' }), watch)
  expect(handle.id).not.toMatch(/-2$/)
  expect(began.map(({ id }) => id)).toEqual([handle.id])
  expect((await provider.list()).length).toBe(before + 1)
})

test('a name that another run took while our reply was lost is not taken for ours', async () => {
  const askedAt = at()
  const provider = providerAt(scene.simulator, { instance: 'summit-prod' })
  const theirs = await provider.before(scopeOf({ askedAt, runId: 'theirs' }), watched().watch)
  scene.simulator.fault({ kind: 'html-500', action: 'CreateDBSnapshot', times: 1 })
  const ours = await provider.before(scopeOf({ askedAt, runId: 'ours' }), watched().watch)
  expect(ours.id).toBe(`${theirs.id}-2`)
})

test('waits no longer than one interval beyond the time that AWS needs', async () => {
  const pollIntervalMs = 300
  const provider = providerAt(scene.simulator, { instance: 'summit-prod', pollIntervalMs })
  const { watch, progress } = watched()
  await provider.before(scopeOf({ askedAt: at() }), watch)
  const waitedMs = progress.at(-1)?.elapsedMs ?? Number.POSITIVE_INFINITY
  expect(waitedMs).toBeLessThan(400 + pollIntervalMs + 150)
})

test('without waiting it returns at once, and says that the snapshot is not finished', async () => {
  const provider = providerAt(scene.simulator, { instance: 'summit-prod', wait: 'begun' })
  const { watch, began, messages } = watched()
  const handle = await provider.before(scopeOf({ askedAt: at() }), watch)
  expect(handle.state).toBe('creating')
  expect(began).toHaveLength(1)
  expect(messages()).toContain('not waited for')
})

test('waits while the source is being backed up by somebody else', async () => {
  scene.simulator.fault({ kind: 'status', id: 'summit-prod', status: 'backing-up', forMs: 300 })
  const { watch, messages } = watched()
  const handle = await providerAt(scene.simulator, { instance: 'summit-prod' }).before(
    scopeOf({ askedAt: at() }),
    watch,
  )
  expect(handle.state).toBe('available')
  expect(messages()).toContain('backing-up')
})

test('several at the same moment get a snapshot each, one after the other', async () => {
  const askedAt = at()
  const provider = providerAt(scene.simulator, { instance: 'summit-prod' })
  const runs = ['a', 'b', 'c'].map((runId) => provider.before(scopeOf({ askedAt, runId }), watched().watch))
  const handles = await Promise.all(runs)
  expect(handles.map(({ state }) => state)).toEqual(['available', 'available', 'available'])
  expect(new Set(handles.map(({ id }) => id)).size).toBe(3)
  expect(scene.simulator.requests.map(({ error }) => error)).toContain('InvalidDBInstanceState')
})

test('warns of a blue/green deployment, and refuses while it switches over', async () => {
  const { simulator } = scene
  await simulator.addInstance({ id: 'blue-prod' })
  simulator.addBlueGreenDeployment({ name: 'upgrade', sourceId: 'blue-prod' })
  const { watch, messages } = watched()
  await providerAt(simulator, { instance: 'blue-prod' }).before(scopeOf({ askedAt: at() }), watch)
  expect(messages()).toContain('blue/green deployment "upgrade"')
  simulator.addBlueGreenDeployment({ name: 'now', sourceId: 'aurora-prod', status: 'SWITCHOVER_IN_PROGRESS' })
  const refusal = await refused(
    providerAt(simulator, { cluster: 'aurora-prod' }).before(scopeOf({ askedAt: at() }), watched().watch),
  )
  expect(refusal).toMatchObject({
    code: 'AWS_SOURCE_UNAVAILABLE',
    message: expect.stringContaining('is switching over'),
  })
})
