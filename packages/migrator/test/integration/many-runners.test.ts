import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pair, type Running } from '../support/cli.ts'
import { historyOf, lockHolder, sleeping, tablesOf, terminate } from '../support/observe.ts'
import { type Pooler, startPooler } from '../support/pgbouncer.ts'
import { hurry, module, outsidePair, type Scene, type SceneOptions, SLEEP, saidBy, scene } from '../support/scene.ts'
import { until } from '../support/until.ts'

const entry = (what: string) => `INSERT INTO ledger VALUES ('${what}');`

/** Each leaves a row without any guard against leaving two. */
const files = {
  ...pair('0001_one', entry('one'), 'SELECT 1;'),
  ...pair('0002_two', `${entry('two')}\n${SLEEP};`, 'SELECT 1;'),
  ...module('0003_three', { up: `await db.execute("${entry('three')}")`, down: "await db.execute('SELECT 1')" }),
}
const all = ['0001_one', '0002_two', '0003_three']
const outside = {
  ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'),
  ...outsidePair('0002_two', `CREATE TABLE two (id int);\n${SLEEP};`, 'DROP TABLE two;'),
}

let pooler: Pooler | undefined
beforeAll(async () => {
  pooler = await startPooler(inject('serverUrl'))
})
afterAll(() => pooler?.stop())

const ways = [
  { way: 'straight on the server', reachedBy: (url: string) => url },
  { way: 'through PgBouncer in transaction mode', reachedBy: (url: string) => pooler?.through(url) ?? url },
]

describe.each(ways)('$way', ({ reachedBy }) => {
  const options: SceneOptions = { standing: 'CREATE TABLE ledger (what text);', reachedBy }

  test('twenty runners at once apply each migration exactly once; the losers wait and find nothing pending', async () => {
    const made = await scene(files, options)
    const runners = await twenty(made, ['--lock-wait', '60s'])
    await hurry(made.db)
    const ended = await Promise.all(runners.map(({ finished }) => finished))
    expect(
      ended.map(({ code }) => code),
      ended.map(saidBy).join(''),
    ).toEqual(ended.map(() => 0))
    expect(ended.flatMap((each) => each.json().steps.map(({ id }) => id))).toEqual(all)
    expect(await historyOf(made.db)).toEqual(all)
    expect(await ledgerOf(made)).toEqual(['one', 'three', 'two'])
  })

  test('of twenty that wait for a second only, nineteen exit 4 and name the holder', async () => {
    const made = await scene(files, options)
    const runners = await twenty(made, ['--lock-wait', '1s'])
    const holder = await lockHolder(made.db)
    await until('nineteen have ended', async () => (endedOf(runners).length === 19 ? true : undefined), 60_000)
    await hurry(made.db)
    const ended = await Promise.all(runners.map(({ finished }) => finished))
    expect(ended.map(({ code }) => code).toSorted()).toEqual([0, ...Array(19).fill(4)])
    for (const loser of ended.filter(({ code }) => code === 4)) {
      const { error } = loser.json()
      expect(error).toMatchObject({ code: 'LOCK_UNAVAILABLE', exitCode: 4, holder: { pid: holder } })
      expect(error.message).toContain(`pid ${holder}`)
      expect(error.message).toContain('migrator/')
    }
    expect(await historyOf(made.db)).toEqual(all)
    expect(await ledgerOf(made)).toEqual(['one', 'three', 'two'])
  })

  test('a runner that has to wait says at once for whom', async () => {
    const made = await scene(files, options)
    const first = made.project.start(['migrate'])
    await sleeping(made.db)
    const second = made.project.start(['migrate', '--lock-wait', '25s'])
    await second.says('Waiting up to 25 s for the run lock; it is held by "migrator/')
    await second.says(`pid ${await lockHolder(made.db)}`)
    await hurry(made.db)
    expect((await first.finished).code).toBe(0)
    const waited = await second.finished
    expect(waited.code).toBe(0)
    expect(waited.stdout).toContain('Nothing to apply')
  })

  test('a runner behind a killed one gets its turn at once, and recovers what that one left', async () => {
    const made = await scene(outside, options)
    const killed = made.project.start(['migrate'])
    await sleeping(made.db)
    const behind = made.project.start(['migrate'])
    await behind.says('Waiting up to')
    const started = performance.now()
    killed.process.kill('SIGKILL')
    await until('the lock changes hands', async () => ((await hasEnded(killed)) ? true : undefined))
    await behind.says('Found migrations in dirty state')
    expect(performance.now() - started).toBeLessThan(5_000)
    await hurry(made.db)
    const ended = await behind.finished
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
  })

  test('the lock being lost in mid-step, nothing of that step is committed', async () => {
    const made = await scene(files, options)
    const running = made.project.start(['migrate', '--json'])
    await sleeping(made.db)
    await terminate(made.db, await lockHolder(made.db))
    const failed = await running.finished
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
    expect(await ledgerOf(made)).toEqual([])
    expect(await historyOf(made.db)).toEqual([])
  })

  test('a table that somebody holds does not hold up a step outside a transaction for ever', async () => {
    const index = outsidePair('0001_index', 'CREATE INDEX CONCURRENTLY i ON ledger (what);', 'DROP INDEX IF EXISTS i;')
    const made = await scene(index, options)
    const holder = await made.db.sql.reserve()
    await holder.unsafe('BEGIN; LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE')
    const running = made.project.start(['migrate', '--lock-timeout', '200ms', '--lock-retries', '1', '--json'])
    const release = setTimeout(() => holder.unsafe('ROLLBACK').execute(), 8_000)
    const failed = await running.finished
    clearTimeout(release)
    await holder.unsafe('ROLLBACK')
    holder.release()
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_TIMEOUT' })
  })

  test('the server knows a step outside a transaction by the name that its dirty record holds', async () => {
    const made = await scene(outside, options)
    made.project.start(['migrate'])
    const pid = await sleeping(made.db)
    const [row] = await made.db.sql`
      SELECT a.application_name = h.progress->>'applicationName' AS known, a.application_name
        FROM pg_stat_activity a, schema_migrations h WHERE a.pid = ${pid} AND h.dirty`
    expect(row).toMatchObject({ known: true })
  })

  test('no setting of a run stays with connections that others use after it', async () => {
    const made = await scene(outside, options)
    await hurry(made.db)
    const done = await made.project.run(['migrate', '--lock-timeout', '7s', '--statement-timeout', '70s'])
    expect(done.code, saidBy(done)).toBe(0)
    expect(await tablesOf(made.db)).toEqual(['ledger', 'one', 'two'])
    expect(await settingsMet(made)).toEqual([{ lock_timeout: '0', statement_timeout: '0', watch: '0' }])
  })
})

/** All of them have started, and one that got the lock stands still in its second step. */
async function twenty(made: Scene, words: readonly string[]): Promise<readonly Running[]> {
  const runners = Array.from({ length: 20 }, () => made.project.start(['migrate', ...words, '--json']))
  await sleeping(made.db)
  return runners
}

function endedOf(runners: readonly Running[]): readonly Running[] {
  return runners.filter(({ process }) => process.exitCode !== null)
}

async function hasEnded({ process }: Running): Promise<boolean> {
  return process.signalCode !== null
}

async function ledgerOf({ db }: Scene): Promise<readonly string[]> {
  return (await db.sql`SELECT what FROM ledger ORDER BY what`).map(({ what }) => what)
}

/** What an application meets that uses the same connections, ten at once. */
async function settingsMet({ url }: Scene): Promise<readonly unknown[]> {
  const sql = postgres(url, { max: 10, prepare: false })
  const met = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const [row] = await sql`
        SELECT current_setting('lock_timeout') AS lock_timeout, current_setting('statement_timeout') AS statement_timeout,
               current_setting('client_connection_check_interval') AS watch FROM pg_sleep(0.3)`
      return JSON.stringify(row)
    }),
  )
  await sql.end()
  return [...new Set(met)].map((row) => JSON.parse(row))
}
