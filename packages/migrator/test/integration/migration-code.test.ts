import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { pair } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { module, type Scene, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')
const HELPERS = `import { setTimeout as pause } from 'node:timers/promises'
import { pgTable, integer } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
const two = pgTable('two', { id: integer() })`

/** `body` is line 8, behind the statement that creates the table two. */
function code(body: string, mode: string): Record<string, string> {
  const [[path, text] = ['', '']] = Object.entries(
    module('0002_two', {
      up: `\nawait db.execute('CREATE TABLE two (id int)')\n${body}\n`,
      down: "await db.execute('DROP TABLE two')",
      more: mode === 'outside' ? 'export const transaction = false' : '',
    }),
  )
  return { [path]: `${HELPERS}\n${text}` }
}

/** A scene whose modules find drizzle-orm. */
async function sceneWithDrizzle(files: Readonly<Record<string, string>>): Promise<Scene> {
  const made = await scene(files)
  await symlink(join(import.meta.dirname, '../../node_modules'), join(made.project.directory, 'node_modules'))
  return made
}

const words = (mode: string) => ['migrate', '--json', '--transaction', mode === 'batch' ? 'batch' : 'each']

const BREAKS = [
  ['process.exit(0)', 'process.exit(0)', 'process.exit(0)'],
  ['process.exit() that is caught', 'try { process.exit() } catch {}', 'process.exit()'],
  ['process.exit(0) in a timer', 'setTimeout(() => process.exit(0), 1); await pause(5_000)', 'process.exit(0)'],
  ['process.abort()', 'process.abort()', 'process.abort()'],
  ['process.kill(process.pid)', "process.kill(process.pid, 'SIGKILL')", 'process.kill('],
  ['a rejection that nobody handles', "void Promise.reject(new Error('stray'))", 'stray'],
  ['a throw in a timer', "setTimeout(() => { throw new Error('stray') }, 1); await pause(5_000)", 'stray'],
  [
    'a throw in a timer, and never more',
    "await new Promise(() => setTimeout(() => { throw new Error('stray') }, 1))",
    'stray',
  ],
] as const

const FORGETS = [
  ['db.execute()', "db.execute('INSERT INTO two VALUES (1)')"],
  ['db.insert()', 'db.insert(two).values({ id: 1 })'],
  ['db.insert() that is half built', 'db.insert(two)'],
  ['db.update()', 'db.update(two).set({ id: 1 }).where(sql`true`)'],
  ['db.delete()', 'db.delete(two)'],
  ['a statement in db.transaction()', 'await db.transaction(async (tx) => { tx.insert(two).values({ id: 1 }) })'],
  ['db.transaction()', 'void db.transaction(async (tx) => { await tx.insert(two).values({ id: 1 }) })'],
  [
    'db.transaction() that takes its time',
    'void db.transaction(async (tx) => { await pause(300); await tx.insert(two).values({ id: 1 }) }).catch(() => {})',
  ],
  ['a loop with forEach', '; [1, 2].forEach(async (id) => { await db.insert(two).values({ id }) })'],
  ['a promise with a slow statement', "void (async () => { await db.execute('SELECT pg_sleep(0.1)') })()"],
  ['the driver itself', "db.$client.unsafe('INSERT INTO two VALUES (1)')"],
] as const

describe.each(['batch', 'each', 'outside'])('in a module, %s,', (mode) => {
  test.each(mode === 'each' ? BREAKS : BREAKS.filter(([name]) => name.endsWith('in a timer')))(
    '%s fails the step, in one document, with exit code 1',
    async (_, body, says) => {
      const { db, project } = await sceneWithDrizzle({ ...one, ...code(body, mode), ...three })
      const failed = await project.run(words(mode))
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0002_two' })
      expect(failed.json().error.message).toContain(says)
      expect(failed.json().error.message).toContain('0002_two.ts')
      expect(failed.stderr).not.toMatch(/^\s+at /m)
      expect(await tablesOf(db)).toEqual([])
      expect(await historyOf(db)).toEqual([])
    },
  )

  test.each(FORGETS)('%s without await fails the step, which names the line', async (_, body) => {
    const { db, project } = await sceneWithDrizzle({ ...one, ...code(body, mode), ...three })
    const adapter = new PostgresAdapter({ connectionString: db.url })
    const runner = new MigrationRunner({ adapter })
    const transaction = mode === 'batch' ? 'batch' : 'each'
    const { error } = await runner.apply(await loadMigrations(project.migrations), { transaction })
    await adapter.close()
    expect(error).toMatchObject({ code: 'NOT_AWAITED', details: { id: '0002_two' } })
    expect(error?.message).toContain('0002_two.ts:8:')
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })

  test('what comes after the end of the step is refused, and is a warning', async () => {
    const late = "setTimeout(() => { void db.execute('DROP TABLE one').then(() => {}) }, 1)"
    const slow = pair('0003_three', 'CREATE TABLE three (id int); SELECT pg_sleep(0.3);', 'DROP TABLE three;')
    const { db, project } = await sceneWithDrizzle({ ...one, ...code(late, mode), ...slow })
    const done = await project.run(words(mode))
    expect(done.code, saidBy(done)).toBe(0)
    expect(done.json().steps).toHaveLength(3)
    expect(done.stderr).toMatch(/Warning: 0002_two\.ts.*after the end of the migration/)
    expect(await tablesOf(db)).toEqual(['one', 'three', 'two'])
  })
})

test('a statement that is part of another one, or is sent later, is not forgotten', async () => {
  const body = `const rows = db.$with('rows').as(db.insert(two).values({ id: 1 }).returning())
    await db.with(rows).select().from(rows)
    const inner = db.select().from(two).as('inner')
    await db.insert(two).select(db.select({ id: inner.id }).from(inner))
    const later = [db.insert(two).values({ id: 2 }), db.update(two).set({ id: 3 }).where(sql\`id = 2\`)]
    await Promise.all(later)
    db.delete(two).toSQL()
    const prepared = db.insert(two).values({ id: 4 }).prepare('four')
    await prepared.execute()
    await db.transaction(async (tx) => { await tx.with(tx.$with('x').as(tx.select().from(two))).update(two).set({ id: 5 }) })
    await db.execute(sql\`INSERT INTO two VALUES (6)\`)`
  const { db, project } = await sceneWithDrizzle({ ...one, ...code(body, 'batch') })
  const done = await project.run(['migrate'])
  expect(done.code, saidBy(done)).toBe(0)
  expect(await db.sql`SELECT id FROM two ORDER BY id`).toEqual([5, 5, 5, 5, 6].map((id) => ({ id })))
})

test('code that ends the process while it is loaded is a file that cannot be loaded', async () => {
  const { project } = await sceneWithDrizzle({
    ...one,
    ...module('0002_two', { up: '', down: '', more: 'process.exit(0)' }),
  })
  const failed = await project.run(['migrate', '--json'])
  expect(failed.code, saidBy(failed)).toBe(2)
  expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FILES_INVALID' })
  expect(failed.json().error.message).toContain('process.exit(0)')
})

test('a listener for the end of the process does not change the exit code', async () => {
  const body = "process.on('exit', () => { process.exitCode = 0 }); throw new Error('odd')"
  const { project } = await sceneWithDrizzle(code(body, 'each'))
  const failed = await project.run(['migrate'])
  expect(failed.code, saidBy(failed)).toBe(1)
})

const SURROUNDINGS = [
  ['the environment', "delete process.env.HOME; process.env.PATH = ''; process.env.ADDED = 'x'", 'the variable PATH'],
  ['the working directory', "process.chdir('/')", 'the working directory'],
  ['the exit code', 'process.exitCode = 7', 'the exit code'],
  ['a method of arrays', "Array.prototype.map = () => { throw new Error('odd') }", 'Array.prototype.map'],
  ['how arrays are iterated', 'Array.prototype[Symbol.iterator] = function* () {}', 'Array.prototype.Symbol'],
  ['what every object has', 'Object.prototype.odd = 1', 'Object.prototype.odd'],
  [
    'JSON, and the clock',
    "JSON.stringify = () => '0'; Date.now = () => NaN; performance.now = () => NaN",
    'JSON.stringify',
  ],
  [
    'timers and promises',
    "globalThis.setTimeout = globalThis.Promise = () => { throw new Error('odd') }",
    'globalThis.Promise',
  ],
  ['the process itself', 'globalThis.process = undefined', 'globalThis.process'],
  ['the listeners of the process', 'process.removeAllListeners()', 'a listener for SIGTERM'],
] as const

describe.each(['batch', 'each', 'outside'])('what a module changes for its whole process, %s,', (mode) => {
  test.each(mode === 'each' ? SURROUNDINGS : SURROUNDINGS.slice(0, 3))(
    'is restored after its step, with a warning: %s',
    async (_, body, says) => {
      const look = `const odd = [process.exitCode ?? 0, process.env.HOME ? 0 : 1, process.env.ADDED ? 1 : 0, process.listenerCount('SIGTERM') - 1,
      process.cwd() === '/' ? 1 : 0, [1].map((n) => n - 1)[0]]
      if (odd.some((each) => each !== 0)) throw new Error(JSON.stringify(odd))`
      const after = module('0003_after', { up: look, down: '' })
      const { db, project } = await sceneWithDrizzle({ ...one, ...code(body, mode), ...after })
      const done = await project.run(words(mode))
      expect(done.code, saidBy(done)).toBe(0)
      expect(done.json().steps).toHaveLength(3)
      expect(done.stderr).toContain('Warning: 0002_two.ts changed ')
      expect(done.stderr).toContain(says)
      expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_after'])
    },
  )
})

test.each([
  ['a timer that never ends', 'setInterval(() => {}, 50)'],
  ['a reader of stdin', "process.stdin.resume(); process.stdin.on('data', () => {})"],
  ['a server', ";(await import('node:net')).createServer().listen(0, '127.0.0.1')"],
])('%s that a module leaves behind does not keep the command from ending', async (_, body) => {
  const { db, project } = await sceneWithDrizzle({ ...one, ...code(body, 'each'), ...three })
  const done = await project.run(words('each'))
  expect(done.code, saidBy(done)).toBe(0)
  expect(await historyOf(db)).toHaveLength(3)
})

test('what a module sets up while it is loaded is there for its own code, and the directory is put back', async () => {
  const up = "if (process.env.SET_UP !== 'yes' || process.cwd() === '/') throw new Error('it is gone')"
  const more = "process.env.SET_UP = 'yes'; process.chdir('/')"
  const { project } = await sceneWithDrizzle(module('0001_one', { up, down: '', more }))
  const done = await project.run(['migrate'])
  expect(done.code, saidBy(done)).toBe(0)
  expect(done.stderr).toContain('0001_one.ts changed the working directory')
})
