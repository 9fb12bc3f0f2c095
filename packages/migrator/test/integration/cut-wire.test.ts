import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { type Finished, pair } from '../support/cli.ts'
import { onServer } from '../support/database.ts'
import { historyOf, sleeping, tablesOf } from '../support/observe.ts'
import { startPooler } from '../support/pgbouncer.ts'
import { hurry, module, outsidePair, type Scene, SLEEP, saidBy, scene, statusesOf } from '../support/scene.ts'
import type { Cut } from '../support/wire/link.ts'
import { startWireProxy, type WireMessage, type WireProxy } from '../support/wire/proxy.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const UP = `CREATE TABLE two (id int);\n${SLEEP};\n`
const DOWN = 'DROP TABLE two;\n'
const files = {
  ...one,
  ...pair('0002_two', UP, DOWN),
  ...pair('0003_three', 'CREATE TABLE three ();', 'DROP TABLE three;'),
}
const outside = { ...files, ...outsidePair('0002_two', UP, DOWN) }
const all = ['0001_one', '0002_two', '0003_three']

const CUTS: readonly Cut[] = ['reset', 'close', 'silence', 'deaf']
const SOON = ['--liveness-timeout', '4s', '--json']

interface Wired extends Scene {
  readonly proxy: WireProxy
}

async function wired(migrations: Readonly<Record<string, string>>, through = (url: string) => url): Promise<Wired> {
  let proxy: WireProxy | undefined
  const made = await scene(migrations, {
    reachedBy: async (url) => {
      proxy = await startWireProxy(through(url))
      return proxy.through(through(url))
    },
  })
  onTestFinished(() => proxy?.stop())
  return { ...made, proxy: proxy as WireProxy }
}

/** It sends the statement that sleeps, not the record that holds its text. */
const sendsTheStep = ({ from, type, text }: WireMessage) =>
  from === 'client' && type === 'Q' && text.includes('pg_sleep') && !text.includes('schema_migrations')

const commits =
  (id: string) =>
  ({ from, type, text }: WireMessage) =>
    from === 'client' &&
    type === 'Q' &&
    text.includes(id) &&
    text.includes('COMMIT') &&
    !text.includes('migration_logs')

async function nextRunSettles({ db, project }: Wired): Promise<void> {
  await hurry(db)
  const next = await project.run(['migrate', '--json', '--lock-wait', '20s'])
  expect(next.code, saidBy(next)).toBe(0)
  expect(await historyOf(db)).toEqual(all)
  expect(await tablesOf(db)).toEqual(['one', 'three', 'two'])
}

function expectLost(run: Finished, more: object): void {
  expect(run.code, saidBy(run)).toBe(1)
  expect(run.json().error).toMatchObject({ code: 'CONNECTION_LOST', id: '0002_two', ...more })
}

describe('the wire of a step is cut in the middle of its statement', () => {
  const modes = [
    ['batch', files, { outcome: 'not-committed' }, []],
    ['each', files, { outcome: 'not-committed' }, []],
    ['outside', outside, { dirty: true }, ['0001_one', '0002_two dirty']],
  ] as const
  for (const how of CUTS) {
    test.each(modes)(`${how}, %s: the run ends and tells what is there`, async (mode, migrations, told, left) => {
      const made = await wired(migrations)
      const struck = made.proxy.strikeAt(sendsTheStep, { action: how, moment: 'after' })
      const running = made.project.start(['migrate', ...SOON, ...(mode === 'outside' ? [] : ['--transaction', mode])])
      await struck
      await sleeping(made.db)
      // A silent wire is noticed once the server has nothing to do for it any more.
      if (how === 'silence' || how === 'deaf') await hurry(made.db)
      const failed = await running.finished
      expectLost(failed, told)
      expect(await historyOf(made.db)).toEqual(left)
      await nextRunSettles(made)
    })
  }
})

test.each(['batch', 'each'])(
  'silence behind a pooler while the transaction of a step is idle, %s: nothing is left in a transaction',
  async (mode) => {
    const pooler = await startPooler(inject('serverUrl'))
    onTestFinished(() => pooler?.stop())
    const up = "await db.execute('CREATE TABLE two (id int)'); await db.execute('SELECT 4711')"
    const migrations = { ...one, ...module('0002_two', { up, down: '' }) }
    const { db, proxy, project } = await wired(migrations, pooler?.through)
    void proxy.strikeAt(({ from, text }) => from === 'client' && text.includes('4711'), {
      action: 'silence',
      moment: 'before',
    })
    const run = await project.run(['migrate', ...SOON, '--transaction', mode])
    expectLost(run, { outcome: 'not-committed' })
    const open = await db.sql`SELECT query FROM pg_stat_activity
      WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()`
    expect(open).toEqual([])
    expect(await historyOf(db)).toEqual([])
  },
)

test('silence behind a pooler while a rollback counts its losses: no transaction stays open on the server', async () => {
  const pooler = await startPooler(inject('serverUrl'))
  onTestFinished(() => pooler?.stop())
  const { db, proxy, project } = await wired(one, pooler?.through)
  expect((await project.run(['migrate', '--json'])).code).toBe(0)
  await db.sql`INSERT INTO one VALUES (1)`
  void proxy.strikeAt(({ from, text }) => from === 'client' && text.startsWith('BEGIN; SET LOCAL idle_session'), {
    action: 'silence',
    on: 'all',
    moment: 'after',
  })
  const run = await project.run(['rollback', '--yes', '--force', ...SOON])
  expect(run.code, saidBy(run)).toBe(1)
  expect(run.json().error, saidBy(run)).toMatchObject({ code: 'CONNECTION_LOST' })
  const open = await db.sql`SELECT query FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
      AND query LIKE 'BEGIN; SET LOCAL idle_session%'`
  expect(open).toEqual([])
  expect(await historyOf(db)).toEqual(['0001_one'])
})

test.each([
  ['batch', files, { outcome: 'not-committed' }],
  ['each', files, { outcome: 'not-committed' }],
  ['outside', outside, { outcome: 'unknown' }],
] as const)(
  'the wire of a step falls silent while the server takes no new connection, %s: the run ends all the same',
  async (mode, migrations, expected) => {
    const made = await wired(migrations)
    const newcomers = (may: boolean) =>
      onServer((sql) => sql.unsafe(`ALTER DATABASE ${made.db.name} ALLOW_CONNECTIONS ${may}`))
    const sent = made.proxy.strikeAt(sendsTheStep, { moment: 'after', action: () => {} })
    const running = made.project.start(['migrate', ...SOON, ...(mode === 'outside' ? [] : ['--transaction', mode])])
    const { connection } = await sent
    await sleeping(made.db)
    await newcomers(false)
    made.proxy.strike('silence', connection)
    await hurry(made.db)
    expectLost(await running.finished, expected)
    await newcomers(true)
    await nextRunSettles(made)
  },
)

describe('the whole network falls silent', () => {
  const LIMIT_MS = 8_000
  const moments = [
    ['in a statement of a batch', files, sendsTheStep, ['--transaction', 'batch']],
    ['in a statement of a step', files, sendsTheStep, ['--transaction', 'each']],
    ['in a statement outside a transaction', outside, sendsTheStep, []],
    ['behind a COMMIT', files, commits('0002_two'), ['--transaction', 'each']],
  ] as const

  test.each(moments)(
    '%s: the run ends within the limit, and names what is unknown',
    async (_, migrations, at, words) => {
      const made = await wired(migrations)
      if (at !== sendsTheStep) await hurry(made.db)
      let struckMs = 0
      void made.proxy.strikeAt(at, {
        moment: 'after',
        action: async () => {
          made.proxy.strike('silence')
          await made.proxy.newcomers('silence')
          struckMs = performance.now()
        },
      })
      const failed = await made.project.run(['migrate', '--json', '--liveness-timeout', `${LIMIT_MS}ms`, ...words])
      const tookMs = performance.now() - struckMs
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error.code, saidBy(failed)).toBe('CONNECTION_LOST')
      expect(tookMs).toBeLessThan(LIMIT_MS + 1_500)
    },
  )
})

describe('the wire is cut while a step is sent that fills the socket, so that its record waits in the driver', () => {
  const rows = Array.from({ length: 40_000 }, (_, at) => `(${at}, '${'x'.repeat(80)}')`).join(',\n')
  const long = {
    ...one,
    ...pair('0002_two', `CREATE TABLE two (id int, text text);\nINSERT INTO two VALUES ${rows};`, 'DROP TABLE two;'),
    ...pair('0003_three', 'CREATE TABLE three ();', 'DROP TABLE three;'),
  }
  const sendsRows = ({ from, type, text }: WireMessage) =>
    from === 'client' && type === 'Q' && text.startsWith('CREATE TABLE two')

  test.each(['batch', 'each'] as const)(
    '%s: the record does not go over another connection without it',
    async (mode) => {
      const made = await wired(long)
      const records: string[] = []
      void made.proxy.strikeAt(commits('0002_two'), { action: ({ text }) => records.push(text) })
      void made.proxy.strikeAt(sendsRows, { action: 'reset' })
      const failed = await made.project.run(['migrate', ...SOON, '--transaction', mode])
      expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-committed' })
      expect(records).toEqual([])
      expect(await historyOf(made.db)).toEqual([])
      await nextRunSettles(made)
    },
  )
})

describe('the wire is cut at the COMMIT', () => {
  for (const mode of ['batch', 'each'] as const) {
    test.each(CUTS)(
      `${mode}, %s behind it: what was committed is reported as applied, and nothing runs twice`,
      async (how) => {
        const made = await wired(files)
        await hurry(made.db)
        void made.proxy.strikeAt(commits('0002_two'), { action: how, moment: 'after' })
        const done = await made.project.run(['migrate', ...SOON, '--transaction', mode])
        expect(done.code, saidBy(done)).toBe(0)
        expect(statusesOf(done.json())).toEqual({
          '0001_one': 'applied',
          '0002_two': 'applied',
          '0003_three': 'applied',
        })
        expect(await historyOf(made.db)).toEqual(all)
      },
    )

    // A client that goes deaf has said it: see above.
    test.each(CUTS.filter((how) => how !== 'deaf'))(
      `${mode}, %s before it: nothing of the step is committed`,
      async (how) => {
        const made = await wired(files)
        await hurry(made.db)
        void made.proxy.strikeAt(commits('0002_two'), { action: how })
        const failed = await made.project.run(['migrate', ...SOON, '--transaction', mode])
        expect(failed.code, saidBy(failed)).toBe(1)
        expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-committed' })
        expect(await historyOf(made.db)).toEqual([])
        await nextRunSettles(made)
      },
    )

    test(`${mode}, everything falls silent behind it: the outcome is unknown, and the next run settles it`, async () => {
      const made = await wired(files)
      await hurry(made.db)
      void made.proxy.strikeAt(commits('0002_two'), {
        moment: 'after',
        action: async () => {
          made.proxy.strike('deaf')
          await made.proxy.newcomers('silence')
        },
      })
      const failed = await made.project.run(['migrate', ...SOON, '--transaction', mode])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
      const statuses = statusesOf(failed.json())
      expect(statuses['0002_two']).toBe('unknown')
      expect(statuses['0001_one']).toBe(mode === 'each' ? 'applied' : 'unknown')
      expect(await historyOf(made.db)).toEqual(mode === 'each' ? ['0001_one', '0002_two'] : all)
      await made.proxy.newcomers('welcome')
      await nextRunSettles(made)
    })
  }

  test.each(CUTS)('%s behind the COMMIT of a rollback: each down runs once', async (how) => {
    const made = await wired(files)
    await hurry(made.db)
    expect((await made.project.run(['migrate'])).code).toBe(0)
    void made.proxy.strikeAt(commits('0002_two'), { action: how, moment: 'after' })
    const back = await made.project.run(['rollback', '--all', '--force', '--transaction', 'each', ...SOON])
    expect(back.code, saidBy(back)).toBe(0)
    expect(Object.values(statusesOf(back.json()))).toEqual(['reverted', 'reverted', 'reverted'])
    expect(await historyOf(made.db)).toEqual([])
    expect(await tablesOf(made.db)).toEqual([])
  })
})

test('the wire of the run lock falls silent: the run stops, and the lock is free for the next one', async () => {
  const made = await wired(files)
  const locked = made.proxy.strikeAt(({ text }) => text.includes('pg_try_advisory'), { action: () => {} })
  const running = made.project.start(['migrate', ...SOON])
  const { connection } = await locked
  await sleeping(made.db)
  made.proxy.strike('silence', connection)
  const failed = await running.finished
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
  expect(await historyOf(made.db)).toEqual([])
  await nextRunSettles(made)
})
