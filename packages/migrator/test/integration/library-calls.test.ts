import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { MigrationRunner, type MigrationRunnerOptions, PostgresAdapter } from '../../src/index.ts'
import { threeTables } from '../support/cli.ts'
import { createDatabase, onServer } from '../support/database.ts'
import { folderOf } from '../support/folder.ts'
import { historyOf, tablesOf } from '../support/observe.ts'

async function scene(options: Partial<MigrationRunnerOptions> = {}) {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  const adapter = new PostgresAdapter({ connectionString: db.url })
  onTestFinished(() => adapter.close())
  const directory = join(folderOf(threeTables()), 'migrations')
  return { db, directory, runner: new MigrationRunner({ adapter, migrationsDirectory: directory, ...options }) }
}

/** The suite's server as a superuser of the test's own, so that its databases can be distinguished from others'. */
async function urlOfOwnRole(role: string): Promise<string> {
  await onServer((sql) => sql.unsafe(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'pw'`))
  const url = new URL(inject('serverUrl'))
  url.username = role
  url.password = 'pw'
  return url.href
}

const ids = ({ results }: { readonly results: readonly { readonly step: { readonly id: string } }[] }) =>
  results.map(({ step }) => step.id)

test('apply and rollback stop where they should, however that is said', async () => {
  const { runner, directory } = await scene()
  expect(ids(await runner.apply(undefined, { steps: 1 }))).toEqual(['0001_one'])
  expect(ids(await runner.apply(directory, { target: '0002_two' }))).toEqual(['0002_two'])
  expect(ids(await runner.apply())).toEqual(['0003_three'])
  expect(ids(await runner.rollback(undefined, { steps: 1 }))).toEqual(['0003_three'])
  expect(ids(await runner.apply())).toEqual(['0003_three'])
  expect(ids(await runner.rollback(undefined, { batch: true }))).toEqual(['0003_three'])
  expect(ids(await runner.rollback(undefined, { target: '0001_one' }))).toEqual(['0002_two'])
  expect(ids(await runner.apply())).toEqual(['0002_two', '0003_three'])
  await expect(runner.rollback(undefined, { steps: 3 })).rejects.toMatchObject({ code: 'CONFIRMATION_REQUIRED' })
  expect(ids(await runner.rollback(undefined, { all: true }))).toEqual(['0003_three', '0002_two', '0001_one'])
})

test('a failure names the program and not the scripts of a repository', async () => {
  const { runner, directory } = await scene()
  writeFileSync(join(directory, '0003_three.up.sql'), 'SELECT 1 / 0;')
  const { error } = await runner.apply()
  expect(error?.hint).toContain('migrator migrate')
  writeFileSync(join(directory, '0001_one.up.sql'), 'CREATE TABLE one (id bigint);')
  const refused = await runner.rollback(undefined, { all: true }).catch((cause) => cause)
  expect(refused?.hint ?? '').not.toMatch(/\bdb:/)
})

test('every option may be undefined', async () => {
  const { db, runner } = await scene({
    stateStore: undefined,
    logFile: undefined,
    sinks: undefined,
    operator: undefined,
  })
  const run = { lockTimeoutMs: undefined, statementTimeoutMs: undefined, lockWaitMs: undefined, lockRetries: undefined }
  const rest = { transaction: undefined, onFailure: undefined, dirty: undefined, reason: undefined, signal: undefined }
  const both = { ...run, ...rest, dryRun: undefined, approve: undefined, backupProvider: undefined, target: undefined }
  expect((await runner.apply(undefined, { ...both, allowOutOfOrder: undefined })).error).toBeUndefined()
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
  const down = { ...both, force: undefined, preserveData: undefined, acceptLoss: undefined, lossTimeoutMs: undefined }
  expect((await runner.rollback(undefined, down)).error).toBeUndefined()
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
})

test('each call reads files and history again', async () => {
  const { runner, directory } = await scene()
  await runner.apply(undefined, { target: '0002_two' })
  expect((await runner.getState()).summary).toMatchObject({ applied: 2, pending: 1 })
  writeFileSync(join(directory, '0001_one.up.sql'), 'CREATE TABLE one (id bigint);')
  rmSync(join(directory, '0003_three.up.sql'))
  rmSync(join(directory, '0003_three.down.sql'))
  expect((await runner.getState()).summary).toMatchObject({ applied: 1, pending: 0, changed: 1 })
  const other = new MigrationRunner({ adapter: runner.adapter })
  await other.apply(directory, { dryRun: true })
  expect((await other.getState()).summary).toMatchObject({ applied: 2, pending: 0, changed: 0, missing: 0 })
})

test('a plan is made by the rules of the call that would run it, and shown with its reasons', async () => {
  const { db, runner } = await scene({ scratchUrl: inject('serverUrl') })
  const up = await runner.plan()
  expect(up.steps.map(({ step, verdict, sql }) => [step.id, verdict, sql?.trim()])).toEqual([
    ['0001_one', 'lossy', expect.stringContaining('CREATE TABLE one')],
    ['0002_two', 'lossy', expect.stringContaining('CREATE TABLE two')],
    ['0003_three', 'lossy', expect.stringContaining('CREATE TABLE three')],
  ])
  expect(await tablesOf(db)).toEqual([])
  await runner.apply()
  const down = await runner.plan(undefined, { direction: 'down', all: true })
  expect(down.steps.map(({ step }) => step.id)).toEqual(['0003_three', '0002_two', '0001_one'])
  const refused = await runner.plan(undefined, { direction: 'down', steps: 3 })
  expect(refused.refusal).toMatchObject({ code: 'CONFIRMATION_REQUIRED' })
})

test('rehearsals take what is pending, what is named, or everything, on the scratch server', async () => {
  const scratchUrl = await urlOfOwnRole('rehearser')
  const { db, runner } = await scene({ scratchUrl })
  await runner.apply(undefined, { steps: 2 })
  const seen: string[] = []
  const rehearsed = async (which?: 'all' | readonly string[]) =>
    (await runner.rehearse(undefined, { ids: which, onRehearsal: ({ id }) => seen.push(id) })).map(({ id }) => id)
  expect(await rehearsed()).toEqual(['0003_three'])
  expect(await rehearsed(['0001_one'])).toEqual(['0001_one'])
  expect(await rehearsed('all')).toEqual(['0001_one', '0002_two', '0003_three'])
  expect(seen).toHaveLength(5)
  await expect(rehearsed(['0003_tree'])).rejects.toMatchObject({
    code: 'TARGET_UNKNOWN',
    hint: expect.stringContaining('0003_three'),
  })
  // By owner: other test files have scratch databases on the same server at the same time.
  const left =
    await db.sql`SELECT datname FROM pg_database WHERE datdba = 'rehearser'::regrole AND datname ~ '^scratch_[0-9]'`
  expect(left).toEqual([])
})

test('drift names what somebody changed by hand', async () => {
  const { db, runner } = await scene({ scratchUrl: inject('serverUrl') })
  await runner.apply()
  expect((await runner.drift()).diff.verdict).toBe('identical')
  await db.sql`ALTER TABLE two ADD COLUMN secret text`
  expect((await runner.drift()).diff).toMatchObject({ verdict: 'differs' })
})

test('a scratch server that another role has used makes no drift', async () => {
  const { runner } = await scene({ scratchUrl: await urlOfOwnRole('another') })
  await runner.rehearse(undefined, { ids: 'all' })
  const mine = await scene({ scratchUrl: inject('serverUrl') })
  await mine.runner.apply()
  expect((await mine.runner.drift()).diff.verdict).toBe('identical')
})

test('without a scratch server what needs one is refused, and a plan says that it lacks one', async () => {
  const { runner } = await scene()
  await expect(runner.rehearse()).rejects.toMatchObject({ code: 'SCRATCH_UNAVAILABLE' })
  await expect(runner.drift()).rejects.toMatchObject({ code: 'SCRATCH_UNAVAILABLE' })
  expect((await runner.plan()).notes).toEqual([expect.stringContaining('no scratch server')])
})

test('a database is adopted, validated, repaired and looked back on from code', async () => {
  const { db, runner, directory } = await scene({ operator: { user: 'tester' } })
  await db.sql`CREATE TABLE one (id int PRIMARY KEY)`
  expect(await runner.baseline(undefined, '0001_one', { dryRun: true })).toEqual({
    recorded: ['0001_one'],
    dryRun: true,
  })
  expect(await historyOf(db)).toEqual([])
  expect(await runner.baseline(undefined, '0001_one', { reason: 'adopted' })).toMatchObject({ recorded: ['0001_one'] })
  await runner.apply(undefined, { steps: 1 })
  writeFileSync(join(directory, '0002_two.up.sql'), 'CREATE TABLE two (id int PRIMARY KEY); -- reviewed')
  expect((await runner.validate()).drift.map(({ id, state }) => `${id} ${state}`)).toEqual(['0002_two changed'])
  await runner.repair(undefined, { kind: 'accept-checksum', id: '0002_two' })
  expect((await runner.validate()).drift).toEqual([])
  const { applied, attempts } = await runner.history({ limit: 10 })
  expect(applied.map(({ id, operator }) => [id, operator?.user])).toEqual([
    ['0001_one', 'tester'],
    ['0002_two', 'tester'],
  ])
  expect(attempts.map(({ event }) => event)).toContain('step-applied')
  expect(attempts.at(-1)).toMatchObject({ event: 'history-changed', reason: 'adopted' })
})

test('a schema becomes the first migration from code, and is recorded as applied', async () => {
  const { db, runner, directory } = await scene({ scratchUrl: inject('serverUrl') })
  await db.sql`CREATE TABLE people (id int PRIMARY KEY)`
  await expect(runner.baselineFromDatabase()).rejects.toMatchObject({ code: 'BASELINE_REFUSED' })
  const empty = join(directory, 'first')
  const planned = await runner.baselineFromDatabase(empty, { name: 'start', dryRun: true })
  expect(planned).toMatchObject({ id: '0001_start', recorded: ['0001_start'], dryRun: true })
  expect(planned.sql?.up).toContain('CREATE TABLE public.people')
  expect(existsSync(empty)).toBe(false)
  expect(await historyOf(db)).toEqual([])

  const written = await runner.baselineFromDatabase(empty)
  expect(written).toMatchObject({ id: '0001_baseline', recorded: ['0001_baseline'], dryRun: false })
  expect(written.files.map((path) => existsSync(path))).toEqual([true, true])
  expect(await historyOf(db)).toEqual(['0001_baseline'])
  expect((await runner.drift(empty)).diff.verdict).toBe('identical')
  await expect(runner.baselineFromDatabase(join(directory, 'second'))).rejects.toMatchObject({
    code: 'BASELINE_REFUSED',
  })
  expect((await runner.rollback(empty, { all: true })).error).toBeUndefined()
  expect(await tablesOf(db)).toEqual([])
})

test('the first migrations become one from code, and apply records it in their place', async () => {
  const { db, runner, directory } = await scene({ scratchUrl: inject('serverUrl') })
  await runner.apply()
  const before = readdirSync(directory).sort()
  const planned = await runner.squash(undefined, '0002_two', { dryRun: true })
  expect(planned).toMatchObject({ id: '0002_squashed', replaced: ['0001_one', '0002_two'], dryRun: true })
  expect(readdirSync(directory).sort()).toEqual(before)

  const squashed = await runner.squash(directory, '0002_two', { name: 'start' })
  expect(squashed.files.map((path) => existsSync(path))).toEqual([true, true])
  expect(readdirSync(squashed.moved ?? '')).toHaveLength(4)
  expect((await runner.status()).summary).toMatchObject({ applied: 2, pending: 0, missing: 0 })
  expect((await runner.apply()).error).toBeUndefined()
  expect(await historyOf(db)).toEqual(['0002_start', '0003_three'])
})

test('what squash and a baseline from the database need is asked for by name', async () => {
  const { runner } = await scene()
  await expect(runner.squash(undefined, '0002_two')).rejects.toMatchObject({ code: 'SCRATCH_UNAVAILABLE' })
  await expect(runner.baselineFromDatabase('/nowhere/at/all')).rejects.toMatchObject({ code: 'SCRATCH_UNAVAILABLE' })
  const homeless = new MigrationRunner({ adapter: runner.adapter, scratchUrl: inject('serverUrl') })
  const refused = { code: 'USAGE_INVALID', message: expect.stringContaining('migrationsDirectory') }
  await expect(homeless.squash([], '0002_two')).rejects.toMatchObject(refused)
  await expect(homeless.baselineFromDatabase()).rejects.toMatchObject(refused)
  await expect(runner.squash(undefined, '0002_two', { replaced: 'burn' } as never)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
  })
})
