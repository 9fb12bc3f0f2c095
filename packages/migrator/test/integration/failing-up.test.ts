import { describe, expect, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { module, OUTSIDE, outsidePair, saidBy, scene, statusesOf } from '../support/scene.ts'

/** Its second statement fails, after the first has done something. */
const BROKEN = 'CREATE TABLE two (id int);\nINSERT INTO nowhere VALUES (1);\n'
const brokenSecond = { ...threeTables(), ...pair('0002_two', BROKEN, 'DROP TABLE two;\n') }

/** Three tables whose downs leave a trace, so that one can tell a down from an abort. */
function traced(more: Record<string, string>): Record<string, string> {
  const downOf = (name: string) => `INSERT INTO trace (what) VALUES ('${name}'); DROP TABLE ${name};\n`
  return {
    ...pair('0001_one', 'CREATE TABLE one (id int);\n', downOf('one')),
    ...pair('0002_two', 'CREATE TABLE two (id int);\n', downOf('two')),
    ...pair('0003_three', 'CREATE TABLE three (id int);\nINSERT INTO nowhere VALUES (1);\n', downOf('three')),
    ...more,
  }
}
const trace = 'CREATE TABLE trace (at serial, what text);'

async function traceOf({ sql }: Awaited<ReturnType<typeof scene>>['db']): Promise<readonly string[]> {
  return (await sql`SELECT what FROM trace ORDER BY at`).map(({ what }) => what)
}

describe('in one transaction for all', () => {
  test('a failing up takes the whole batch with it, and the next run applies it once it is corrected', async () => {
    const { db, project } = await scene(brokenSecond)
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    const document = failed.json()
    expect(statusesOf(document)).toEqual({ '0001_one': 'reverted', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(document.steps[1]?.error).toMatchObject({ code: 'MIGRATION_FAILED' })
    expect(document.error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0002_two', sqlstate: '42P01', exitCode: 1 })
    expect(document.error.message).toContain('0002_two.up.sql:2:13: relation "nowhere" does not exist')
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])

    await project.write(threeTables())
    expect((await project.run(['migrate'])).code).toBe(0)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
  })

  test('a failing up names what failed, what was rolled back and what did not run, without a stack', async () => {
    const { project } = await scene(brokenSecond)
    const failed = await project.run(['migrate'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('relation "nowhere" does not exist')
    expect(failed.stdout).toContain('Failed: 0002_two')
    expect(failed.stdout).toContain('Undone: 0001_one')
    expect(failed.stdout).toContain('Not run: 0003_three')
    expect(failed.stderr).not.toMatch(/^\s+at /m)
  })

  test('a failure leaves what an earlier run applied', async () => {
    const { db, project } = await scene({ ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;') })
    await project.run(['migrate'])
    await project.write(brokenSecond)
    await project.write(pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'))
    expect((await project.run(['migrate'])).code).toBe(1)
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })

  test('a failure stays in the log although everything else was undone', async () => {
    const { db, project } = await scene(brokenSecond)
    await project.run(['migrate', '--reason', 'ticket 7'])
    const rows = await db.sql`SELECT level, version, type, reason, error FROM migration_logs
      WHERE message = 'Migration failed and was rolled back'`
    expect(rows).toMatchObject([{ level: 'error', version: '0002_two', type: 'up', reason: 'ticket 7' }])
    expect(rows[0]?.error).toMatchObject({ code: 'MIGRATION_FAILED' })
  })

  test('one transaction for all is refused before anything runs where a step does not run in one', async () => {
    const files = { ...threeTables(), ...outsidePair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;') }
    const { db, project } = await scene(files)
    const refused = await project.run(['migrate', '--transaction', 'batch', '--json'])
    expect(refused.code).toBe(2)
    expect(refused.json().error).toMatchObject({ code: 'USAGE_INVALID' })
    expect(refused.json().error.message).toContain('0002_two')
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })
})

describe('in one transaction each', () => {
  test('a failing up has the earlier ones reverted by their down, the newest first', async () => {
    const { db, project } = await scene(traced({}), { standing: trace })
    const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({
      '0001_one': 'reverted',
      '0002_two': 'reverted',
      '0003_three': 'failed',
    })
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0003_three' })
    expect(failed.json().error.rollbackError).toBeUndefined()
    expect(await traceOf(db)).toEqual(['two', 'one'])
    expect(await tablesOf(db)).toEqual(['trace'])
    expect(await historyOf(db)).toEqual([])
  })

  test('--on-failure stop keeps the earlier ones and says so', async () => {
    const { db, project } = await scene(brokenSecond)
    const failed = await project.run(['migrate', '--transaction', 'each', '--on-failure', 'stop', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'applied', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(failed.json().error.message).toContain('stays applied')
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })

  test('a down that fails during a rollback stops it: its error is reported, nothing further is reverted', async () => {
    const broken = pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two; SELECT no_such_function();')
    const { db, project } = await scene(traced(broken), { standing: trace })
    const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'applied', '0002_two': 'applied', '0003_three': 'failed' })
    const { error } = failed.json()
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0003_three' })
    expect(error.rollbackError).toMatchObject({ code: 'ROLLBACK_FAILED', id: '0002_two' })
    expect(error.message).toContain('nowhere')
    expect(error.message).toContain('no_such_function')
    expect(error.hint).toContain('runbooks/rollback.md')
    expect(await traceOf(db)).toEqual([])
    expect(await tablesOf(db)).toEqual(['one', 'trace', 'two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })

  test('an irreversible step is not rolled back: those before it stay too', async () => {
    const irreversible = {
      'migrations/0002_two.up.sql': '-- migrator: irreversible="one way"\nCREATE TABLE two (id int);',
    }
    const files = Object.entries(traced(irreversible)).filter(([path]) => path !== 'migrations/0002_two.down.sql')
    const { db, project } = await scene(Object.fromEntries(files), { standing: trace })
    const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error.rollbackError).toMatchObject({ code: 'MIGRATION_IRREVERSIBLE' })
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })

  test('a failing module is undone and named with file and line', async () => {
    const broken = module('0002_two', {
      up: "await db.execute('CREATE TABLE two (id int)')\n  throw new Error('not today')",
      down: "await db.execute('DROP TABLE two')",
    })
    const files = { ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'), ...broken }
    const { db, project } = await scene(files)
    const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error.message).toMatch(/0002_two\.ts:3:\d+: not today/)
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })
})

describe('with a step outside a transaction', () => {
  const index = 'CREATE INDEX CONCURRENTLY one_by_id ON one (id);\n'

  test('one before the failure is rolled back by its down', async () => {
    const files = {
      ...traced({}),
      ...pair(
        '0002_two',
        OUTSIDE + index,
        `INSERT INTO trace (what) VALUES ('two');\nDROP INDEX CONCURRENTLY one_by_id;`,
      ),
    }
    const { db, project } = await scene(files, { standing: trace })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({
      '0001_one': 'reverted',
      '0002_two': 'reverted',
      '0003_three': 'failed',
    })
    expect(await traceOf(db)).toEqual(['two', 'one'])
    expect(await tablesOf(db)).toEqual(['trace'])
    expect(await historyOf(db)).toEqual([])
  })

  test('one that fails itself is rolled back, and so are those before it', async () => {
    const files = { ...traced({}), ...outsidePair('0002_two', BROKEN, 'DROP TABLE two;') }
    const { db, project } = await scene(files, { standing: trace })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'reverted', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(failed.json().error.message).toContain('0002_two.up.sql:3:13: relation "nowhere" does not exist')
    expect(await traceOf(db)).toEqual(['one'])
    expect(await tablesOf(db)).toEqual(['trace'])
    expect(await historyOf(db)).toEqual([])
  })

  test('one after the failure does not run', async () => {
    const files = { ...brokenSecond, ...outsidePair('0003_three', index, 'DROP INDEX CONCURRENTLY one_by_id;') }
    const { db, project } = await scene(files)
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'reverted', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })

  test('--on-failure stop keeps one that was applied before the failure', async () => {
    const files = { ...traced({}), ...outsidePair('0002_two', index, 'DROP INDEX CONCURRENTLY one_by_id;') }
    const { db, project } = await scene(files, { standing: trace })
    expect((await project.run(['migrate', '--on-failure', 'stop'])).code).toBe(1)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })
})
