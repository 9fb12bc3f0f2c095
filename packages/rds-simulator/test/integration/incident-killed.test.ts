import { expect, onTestFinished, test } from 'vitest'
import { applied, expectDone, type Project, pair, type Running, sqlProject } from '../support/migrator.ts'
import { connect, sharedScene, until } from '../support/scene.ts'
import { stateOf } from '../support/state.ts'

const files = {
  ...pair('0001_orders', 'CREATE TABLE orders (id int PRIMARY KEY, item text);', 'DROP TABLE orders;'),
  ...pair('0002_notes', 'CREATE TABLE notes (id int PRIMARY KEY, text text);', 'DROP TABLE notes;'),
  ...pair('0003_price', 'ALTER TABLE orders ADD COLUMN price int;', 'ALTER TABLE orders DROP COLUMN price;'),
}
const later = pair('0004_later', 'CREATE TABLE later (id int);', 'DROP TABLE later;')
const scene = sharedScene({ snapshotMs: 2_000 }, async () => {})
const agreed = ['--confirm', 'app', '--accept-loss', '--reason', 'urgent']
const withSnapshot = ['rollback', '--snapshot', ...agreed]
const withoutBackup = ['rollback', '--no-backup', ...agreed]

/** An instance of the test's own, with all migrations applied and rows in it. */
async function production(id: string) {
  const { databaseUrl: url } = await scene.simulator.addInstance({ id, databaseName: 'app' })
  await applied(url, files)
  const sql = connect(url)
  await sql`INSERT INTO orders SELECT n, 'item ' || n, n FROM generate_series(1, 1000) n`
  const project = await sqlProject(scene.simulator, url, files)
  const records = () => sql`SELECT id, run_id, state, operation, details FROM migration_backups ORDER BY created_at`
  return { url, sql, project, records, state: () => stateOf(sql, url) }
}
type Production = Awaited<ReturnType<typeof production>>

/** A command that waits for a snapshot which will not be finished. */
async function waiting({ project, records }: Production, words: readonly string[]): Promise<Running & { id: string }> {
  scene.simulator.fault({ kind: 'snapshot-never-finishes' })
  const running = project.start(words)
  const [record] = await until(records, (rows) => rows.some(({ state }) => state === 'creating'))
  return { ...running, id: String(record?.id) }
}

async function warningsOf(project: Project, words: readonly string[]): Promise<readonly string[]> {
  const ended = await project.run(words)
  expectDone(ended)
  return ended.stderr.split('\n').filter((line) => line.includes('ended while it waited'))
}

test.each(['migrate', 'rollback'])('killed while it waits, the next %s explains once, and works', async (command) => {
  const at = await production(`killed-${command}`)
  const before = await at.state()
  const { process, finished, id } = await waiting(at, withSnapshot)
  process.kill('SIGKILL')
  expect((await finished).signal).toBe('SIGKILL')
  expect(await at.state()).toBe(before)
  const [record] = await at.records()

  await at.project.write(later)
  const next = command === 'migrate' ? ['migrate'] : withoutBackup
  const [warning, ...more] = await warningsOf(at.project, next)
  expect(warning).toMatch(new RegExp(`${record?.run_id}.*${id}.*before it changed anything of 0003_price`))
  expect(more).toEqual([])
  expect(await at.records()).toMatchObject([{ id, state: 'interrupted' }])
  expect(await warningsOf(at.project, withoutBackup)).toEqual([])
})

test('Ctrl-C while it waits ends it with 130, says what is left behind, and changes nothing', async () => {
  const at = await production('interrupted')
  const before = await at.state()
  const { process, finished, id } = await waiting(at, [...withSnapshot, '--json'])
  process.kill('SIGINT')
  const ended = await finished
  expect(ended.code).toBe(130)
  const { error } = ended.json()
  expect(error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
  expect(error.message).toContain(`"${id}" is left behind`)
  expect(error.hint).toContain(`delete-db-snapshot --db-snapshot-identifier ${id}`)
  expect(await at.records()).toMatchObject([{ id, state: 'interrupted' }])
  expect(await at.state()).toBe(before)
  expect(await warningsOf(at.project, withoutBackup)).toEqual([])
})

test('a person who presses Ctrl-C reads the same, without a stack', async () => {
  const at = await production('interrupted-plain')
  const { process, finished, id } = await waiting(at, withSnapshot)
  process.kill('SIGINT')
  const { code, stderr } = await finished
  expect(code).toBe(130)
  expect(stderr).toMatch(new RegExp(`was interrupted; nothing was changed[\\s\\S]*"${id}" is left behind`))
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m)
})

test('--no-wait goes on at once; the next run has nothing to explain, and snapshot list corrects the record', async () => {
  const at = await production('unwaited')
  const ended = await at.project.run([...withSnapshot, '--no-wait', '--json'])
  expectDone(ended)
  const { backup, steps } = ended.json()
  expect(backup).toMatchObject({ state: 'creating', details: { waited: false } })
  expect(steps).toMatchObject([{ id: '0003_price', status: 'reverted' }])
  expect(await at.records()).toMatchObject([{ id: backup.id, state: 'creating', details: { waited: false } }])
  expect(await warningsOf(at.project, ['migrate'])).toEqual([])
  const listed = () => at.project.run(['snapshot', 'list', '--json'])
  await until(listed, ({ stdout }) => stdout.includes('"state": "available"'))
  expect(await at.records()).toMatchObject([{ id: backup.id, state: 'available' }])
})

test('a snapshot that became available after --snapshot-timeout is on record as available', async () => {
  const at = await production('hasty')
  const ended = await at.project.run([...withSnapshot, '--snapshot-timeout', '500ms', '--json'])
  expect(ended.json().error.code).toBe('BACKUP_TIMEOUT')
  expect(await at.records()).toMatchObject([{ state: 'failed' }])
  await until(
    () => at.project.run(['snapshot', 'list', '--json']),
    ({ stdout }) => stdout.includes('"state": "available"'),
  )
  expect(await at.records()).toMatchObject([{ state: 'available' }])
})

test('a snapshot that somebody takes separately meanwhile is not said to have ended', async () => {
  const at = await production('by-itself')
  const { process, finished } = await waiting(at, ['snapshot', 'create'])
  onTestFinished(() => void process.kill('SIGKILL'))
  await at.project.write(later)
  expect(await warningsOf(at.project, ['migrate'])).toEqual([])
  expect(await at.records()).toMatchObject([{ state: 'creating', operation: 'manual' }])
  process.kill('SIGINT')
  expect((await finished).code).toBe(130)
})
