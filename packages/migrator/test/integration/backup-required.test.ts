import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { applied } from '../support/applied.ts'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { historyOf, sleeping, tablesOf } from '../support/observe.ts'
import { expectRefusal } from '../support/refusal.ts'
import { hurry, outsidePair, type Scene, SLEEP, saidBy, scene } from '../support/scene.ts'

/** NODE_ENV=production makes the local database of the suite a protected one. */
const env = { NODE_ENV: 'production' }
const unasked = { exit: 3, code: 'BACKUP_REQUIRED', env, hint: ['--snapshot', '--backup NAME', '--no-backup --reason'] }
const config = (backups: string) => ({
  'migrator.config.mjs': `export default { migrations: 'migrations', backups: ${backups} }\n`,
})
const destructive = pair('0004_drop', 'DROP TABLE one;', 'CREATE TABLE one (id int PRIMARY KEY);')
const additive = pair('0004_four', 'CREATE TABLE four (id int);', 'DROP TABLE four;')
let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  await db.sql`DROP SCHEMA IF EXISTS migration_archive CASCADE`
  project = await createProject(db.url, threeTables())
  await applied(db.url, project.migrations)
})
afterEach(() => project.remove())
afterAll(() => db.drop())

const split = (command: string) => command.split(' ').map((word) => (word === 'NAME' ? db.name : word))

describe('nobody asked for a backup', () => {
  test.each(['rollback', 'rollback --confirm NAME', 'rollback --all --force --confirm NAME', 'safe down --steps=1'])(
    '%s is refused, and nothing changed',
    async (command) => {
      const says = [`"${db.name}"`, 'protected', '0003_three', 'No backup was requested']
      await expectRefusal(project, { ...unasked, words: split(command), says }, db)
    },
  )

  test('a migrate that takes something away is refused, also with the name', async () => {
    await project.write(destructive)
    for (const words of [['migrate'], ['migrate', '--confirm', db.name]]) {
      await expectRefusal(project, { ...unasked, words, says: ['0004_drop', 'No backup was requested'] }, db)
    }
  })

  test('one that only adds is applied, and --dry-run of any other says what it would need', async () => {
    await project.write(additive)
    expect((await project.run(['migrate'], env)).code).toBe(0)
    const preview = await project.run(['rollback', '--dry-run'], env)
    expect({ code: preview.code, stdout: preview.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Backup: none yet. On this protected database this needs --snapshot'),
    })
  })

  test('a local database needs none, and has none afterwards', async () => {
    const ended = await project.run(['rollback', '--json'])
    expect(ended.code).toBe(0)
    expect(ended.json()).not.toHaveProperty('backup')
    expect(await db.sql`SELECT * FROM migration_backups`).toEqual([])
  })
})

describe('flags that refuse a backup', () => {
  const invalid = { exit: 2, code: 'USAGE_INVALID', env }

  test.each([
    ['--no-backup --confirm NAME', '--no-backup requires --reason'],
    ['--no-backup --snapshot --reason r', '--snapshot and --no-backup cannot be combined'],
    ['--no-backup --backup tables --reason r', '--backup and --no-backup cannot be combined'],
    ['--snapshot --backup tables', '--backup and --snapshot cannot be combined'],
    ['--backup nonsense', 'Unknown backup provider "nonsense"'],
    ['--backup rds --db-instance a --db-cluster b', '--db-instance and --db-cluster cannot be combined'],
    ['--snapshot --snapshot-timeout soon', '--snapshot-timeout must be a duration'],
  ])('rollback %s is wrong usage', async (flags, says) => {
    await expectRefusal(project, { ...invalid, words: ['rollback', ...split(flags)], says, hint: '' }, db)
  })

  test.each(['', '  ', '\t\n'])('a blank reason (%j) is none', async (reason) => {
    const words = ['rollback', '--no-backup', '--reason', reason, '--confirm', db.name]
    await expectRefusal(project, { ...invalid, words, says: 'requires --reason', hint: '' }, db)
  })

  test('with reason and name it runs without, and the reason is in the log', async () => {
    const words = ['rollback', '--no-backup', '--reason', 'the table is empty', '--confirm', db.name]
    const ended = await project.run(words, env)
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
    const logged = await db.sql`SELECT DISTINCT reason FROM migration_logs WHERE reason IS NOT NULL`
    expect(logged).toEqual([{ reason: 'the table is empty' }])
    expect(await db.sql`SELECT * FROM migration_backups`).toEqual([])
  })
})

describe('a backup that is asked for', () => {
  test('takes the place of a reason, but not of the name', async () => {
    const words = ['rollback', '--backup', 'tables']
    const missing = { exit: 3, code: 'CONFIRMATION_REQUIRED', env, says: 'protected', hint: `--confirm ${db.name}` }
    await expectRefusal(project, { ...missing, words }, db)
    expect(await tablesOf(db)).not.toContain('migration_archive.backups')
    const ended = await project.run([...words, '--confirm', db.name, '--json'], env)
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(ended.json()).toMatchObject({ backup: { provider: 'tables', state: 'available' } })
    expect(await db.sql`SELECT provider, operation, state FROM migration_backups`).toEqual([
      { provider: 'tables', operation: 'rollback', state: 'available' },
    ])
  })

  test('with the configuration it is taken automatically, before every run', async () => {
    await project.write({ ...config(`{ provider: 'tables' }`), ...additive })
    const up = await project.run(['migrate', '--json'], env)
    expect(up.code, saidBy(up)).toBe(0)
    const down = await project.run(['rollback', '--confirm', db.name, '--json'], env)
    expect(down.code, saidBy(down)).toBe(0)
    expect([up, down].map((ended) => ended.json())).toMatchObject([
      { backup: { provider: 'tables', operation: 'migrate' } },
      { backup: { provider: 'tables', operation: 'rollback' } },
    ])
  })

  test('by the configuration, it is for protected databases only, and a reasoned --no-backup goes before it', async () => {
    await project.write(config(`{ provider: 'tables' }`))
    expect((await project.run(['rollback'])).code).toBe(0)
    const words = ['rollback', '--no-backup', '--reason', 'empty', '--confirm', db.name]
    expect((await project.run(words, env)).code).toBe(0)
    expect(await db.sql`SELECT * FROM migration_backups`).toEqual([])
  })

  test('a configured one that does not exist stops the run', async () => {
    await project.write(config(`{ provider: 'nightly' }`))
    const refusal = { exit: 2, code: 'USAGE_INVALID', env, says: '"nightly"', hint: 'template' }
    await expectRefusal(project, { ...refusal, words: ['rollback', '--confirm', db.name] }, db)
  })
})

describe('a dirty migration', () => {
  const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
  const files = { ...one, ...outsidePair('0002_two', `CREATE TABLE two (id int);\n${SLEEP};\n`, 'DROP TABLE two;\n') }

  async function dirty(): Promise<Scene> {
    const made = await scene(files)
    const running = made.project.start(['migrate'])
    await sleeping(made.db)
    running.process.kill('SIGKILL')
    await running.finished
    await hurry(made.db)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    return made
  }

  test.each(['migrate', 'rollback'])('is not recovered by %s without backup and name', async (command) => {
    const { db: its, project: there } = await dirty()
    const says = ['protected', '0002_two']
    await expectRefusal(there, { ...unasked, words: [command, '--confirm', its.name], says }, its)
    const unnamed = { exit: 3, code: 'CONFIRMATION_REQUIRED', env, says, hint: `--confirm ${its.name}` }
    await expectRefusal(there, { ...unnamed, words: [command, '--backup', 'tables'] }, its)
    expect(await tablesOf(its)).toEqual(['one', 'two'])
    const ended = await there.run([command, '--backup', 'tables', '--confirm', its.name, '--json'], env)
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(ended.json()).toMatchObject({ backups: [{ provider: 'tables', state: 'available' }] })
    expect(await historyOf(its)).toEqual(command === 'migrate' ? ['0001_one', '0002_two'] : ['0001_one'])
  })

  test('a backup that fails leaves it dirty', async () => {
    const { db: its, project: there } = await dirty()
    const throws = `{ name: 'own', before() { throw new Error('no space left') } }`
    await there.write(config(`{ providers: { own: ${throws} } }`))
    const before = await stateOf(its)
    const ended = await there.run(['migrate', '--backup', 'own', '--confirm', its.name, '--json'], env)
    expect({ code: ended.code, error: ended.json().error.code }).toEqual({ code: 1, error: 'BACKUP_FAILED' })
    expect(await stateOf(its)).toBe(before)
  })

  const alone = (more: string) => `{ name: 'own', ${more} async before() {
    return { id: 'b1', provider: 'own', createdAt: new Date().toISOString(), async restore() {} } } }`

  test.each(['migrate', 'rollback'])('is recovered by %s under a backup that wants no sessions', async (command) => {
    const { db: its, project: there } = await dirty()
    await there.write(config(`{ providers: { own: ${alone("excludes: 'sessions',")} } }`))
    const ended = await there.run([command, '--backup', 'own', '--confirm', its.name, '--json'], env)
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(ended.json()).toMatchObject({ backups: [{ id: 'b1', state: 'available' }] })
    expect(await historyOf(its)).toEqual(command === 'migrate' ? ['0001_one', '0002_two'] : ['0001_one'])
  })

  test('names the backup when its recovery fails', async () => {
    const { db: its, project: there } = await dirty()
    await there.write({
      ...config(`{ providers: { own: ${alone('')} } }`),
      'migrations/0002_two.down.sql': 'DROP TABLE elsewhere;\n',
    })
    const ended = await there.run(['migrate', '--backup', 'own', '--confirm', its.name, '--json'], env)
    expect(ended.json().error).toMatchObject({ code: 'RECOVERY_FAILED', backups: [{ backup: 'b1', provider: 'own' }] })
    expect(await historyOf(its)).toEqual(['0001_one', '0002_two dirty'])
  })
})
