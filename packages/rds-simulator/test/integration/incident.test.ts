import { expect, onTestFinished, test } from 'vitest'
import { createSimulator } from '../../src/index.ts'
import { expectDone, pair, productProject, type Said, sqlProject } from '../support/migrator.ts'
import { badMigration, fillProduction } from '../support/production.ts'
import { connect, instanceOf, sharedScene, urlOf } from '../support/scene.ts'
import { contentsOf } from '../support/state.ts'

const scene = sharedScene({ snapshotMs: 500, createMs: 300 }, async () => {})

/** What customers wrote since goes with the rollback: the snapshot has it. */
const reasoned = (reason: string) => ['--reason', reason, '--accept-loss']

/** `pnpm db:restore ID --to NAME`, as it is printed. */
function restoreCommandIn({ stdout }: Said, id: string): string | undefined {
  return new RegExp(`pnpm db:restore ${id} --to [a-z0-9-]+`).exec(stdout)?.[0]
}

test('the whole incident: what a bad migration and its rollback destroyed is back, in new instances', async () => {
  const { databaseUrl } = await scene.simulator.addInstance({ id: 'summit-prod', databaseName: 'analytics' })
  const { run, write } = await productProject(scene.simulator, databaseUrl)
  const sql = connect(databaseUrl)
  expectDone(await run(['migrate', '--no-backup', '--reason', 'it is empty', '--confirm', 'analytics']))
  await fillProduction(sql)
  const healthy = await contentsOf(sql)
  expect(Object.values(healthy).reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(40_000)

  await write(badMigration)
  const deployed = await run(['migrate', '--snapshot', '--confirm', 'analytics', '--json'])
  expectDone(deployed)
  const beforeDeploy = deployed.json().backup.id
  await sql`UPDATE users SET consent = 'given on ' || id`
  const atRollback = await contentsOf(sql)

  const rolledBack = await run(['rollback', '--snapshot', '--confirm', 'analytics', ...reasoned('reports are gone')])
  expectDone(rolledBack)
  const id = /pre-rollback-\d{8}-\d{6}/.exec(rolledBack.stdout)?.[0] ?? ''
  expect(restoreCommandIn(rolledBack, id)).toBeDefined()
  expect(await sql`SELECT reason, operation, state FROM migration_backups ORDER BY created_at`).toEqual([
    { reason: null, operation: 'migrate', state: 'available' },
    { reason: 'reports are gone', operation: 'rollback', state: 'available' },
  ])
  const history = await run(['history', '--json'])
  expect(history.json().backups).toMatchObject([
    { id, provider: 'rds', state: 'available', operation: 'rollback' },
    { id: beforeDeploy, provider: 'rds', state: 'available', operation: 'migrate' },
  ])
  await sql`INSERT INTO organisations (slug, name) VALUES ('late', 'After the snapshot')`
  const afterwards = await contentsOf(sql)
  expect(afterwards.reports?.rows).toBe(200)

  const restored = await run(['restore', id, '--to', 'summit-at-rollback'])
  expectDone(restored)
  const place = await instanceOf(scene.client, 'summit-at-rollback')
  expect(restored.stdout).toContain(`127.0.0.1:${place.Endpoint?.Port}`)
  expect(restored.stdout).toMatch(/The old one was not touched[\s\S]*To cut over:\n {2}1\. /)
  expect(await contentsOf(connect(urlOf(place, 'analytics')))).toEqual(atRollback)

  const earlier = await run(['restore', beforeDeploy, '--to', 'summit-before-deploy', '--json'])
  expectDone(earlier)
  expect(earlier.json().restored).toMatchObject({ kind: 'instance', name: 'summit-before-deploy' })
  const before = connect(urlOf(await instanceOf(scene.client, 'summit-before-deploy'), 'analytics'))
  expect(await contentsOf(before)).toEqual(healthy)

  expect(await contentsOf(sql)).toEqual(afterwards)
  const [late] = await before`SELECT count(*)::int AS count FROM organisations WHERE slug = 'late'`
  expect(late?.count).toBe(0)
})

const accounts = {
  ...pair('0001_accounts', 'CREATE TABLE accounts (id int PRIMARY KEY, owner text);', 'DROP TABLE accounts;'),
  ...pair(
    '0002_balances',
    'ALTER TABLE accounts ADD COLUMN balance numeric NOT NULL DEFAULT 0;',
    'ALTER TABLE accounts DROP COLUMN balance;',
  ),
}
const FILL = `INSERT INTO accounts SELECT n, 'owner ' || n, n * 1.5 FROM generate_series(1, 20000) n`

test('a cluster gets a cluster snapshot, and is restored with an instance in it', async () => {
  const { databaseUrl } = await scene.simulator.addCluster({ id: 'summit-aurora', databaseName: 'app' })
  const { run } = await sqlProject(scene.simulator, databaseUrl, accounts)
  expectDone(await run(['migrate']))
  const sql = connect(databaseUrl)
  await sql.unsafe(FILL)
  const before = await contentsOf(sql)
  const rolledBack = await run(['rollback', '--snapshot', '--confirm', 'app', ...reasoned('wrong balances'), '--json'])
  expectDone(rolledBack)
  const { backup, backups, steps } = rolledBack.json()
  expect(steps).toMatchObject([{ id: '0002_balances', status: 'reverted' }])
  expect(backups).toEqual([backup])
  expect(backup).toMatchObject({
    id: expect.stringMatching(/^pre-rollback-/),
    provider: expect.any(String),
    state: 'available',
    details: { kind: 'cluster', source: 'summit-aurora' },
  })
  expect(Date.now() - Date.parse(backup.createdAt)).toBeLessThan(60_000)
  expect(scene.simulator.requests.some(({ action }) => action === 'CreateDBClusterSnapshot')).toBe(true)

  expectDone(await run(['restore', backup.id, '--to', 'aurora-new']))
  const made = connect(urlOf(await instanceOf(scene.client, 'aurora-new-1')))
  expect(await contentsOf(made)).toEqual(before)
})

test('in a pipe the wait is visible, with percent and elapsed time, and no line is overwritten', async () => {
  const simulator = await createSimulator({ snapshotMs: 11_000 })
  onTestFinished(() => simulator.close())
  const { databaseUrl } = await simulator.addInstance({ id: 'summit-prod', databaseName: 'app' })
  const { run } = await sqlProject(simulator, databaseUrl, accounts)
  expectDone(await run(['migrate']))
  const rolledBack = await run(['rollback', '--snapshot', '--confirm', 'app', ...reasoned('wrong balances')])
  expectDone(rolledBack)
  expect(rolledBack.stderr).toMatch(/Taking a backup: rds/)
  expect(rolledBack.stderr).toMatch(/DB snapshot pre-rollback-\S+: creating \d+ % {2}1\d(\.\d)? s/)
  expect(rolledBack.stderr).toMatch(/Backup pre-rollback-\S+ \(rds\) is taken {2}1\d(\.\d)? s/)
  for (const control of ['\r', '\u001b']) expect(rolledBack.stderr).not.toContain(control)
})
