import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { historyOf, lockHolder, nobodySleeps, sleeping, tablesOf, terminate } from '../support/observe.ts'
import {
  hurry,
  module,
  outsidePair,
  type Scene,
  SLEEP,
  saidBy,
  scene,
  slowHistory,
  statusesOf,
} from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')
const UP = `CREATE TABLE two (id int);\n${SLEEP};\n`
const inside = { ...one, ...pair('0002_two', UP, 'DROP TABLE two;'), ...three }
const outside = { ...one, ...outsidePair('0002_two', UP, 'DROP TABLE two;'), ...three }
const asModule = {
  ...one,
  ...module('0002_two', {
    up: `await db.execute('CREATE TABLE two (id int)'); await db.execute('${SLEEP}')`,
    down: "await db.execute('DROP TABLE two')",
  }),
  ...three,
}
const all = ['0001_one', '0002_two', '0003_three']
const EACH = ['--transaction', 'each']

type Backend = 'the run lock' | 'the step'

/** Cuts a connection of the run on the server while its second step sleeps. */
async function cut({ db, project }: Scene, backend: Backend, words: readonly string[]) {
  const running = project.start([...words, '--json'])
  const step = await sleeping(db)
  await terminate(db, backend === 'the step' ? step : await lockHolder(db))
  return running.finished
}

async function nextRunApplies({ db, project }: Scene, recovered: readonly string[]): Promise<void> {
  await hurry(db)
  const next = await project.run(['migrate', '--json'])
  expect(next.code, saidBy(next)).toBe(0)
  expect(next.json().recovered).toEqual(recovered)
  expect(await historyOf(db)).toEqual(all)
  expect(await tablesOf(db)).toEqual(['one', 'three', 'two'])
}

describe('the connection that holds the run lock is cut in mid-step', () => {
  for (const [what, files] of [
    ['SQL', inside],
    ['a module', asModule],
  ] as const) {
    test(`in one transaction for all, ${what}: the step is cancelled and nothing is committed`, async () => {
      const made = await scene(files)
      const failed = await cut(made, 'the run lock', ['migrate'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
      await nobodySleeps(made.db, 500)
      expect(await tablesOf(made.db)).toEqual([])
      expect(await historyOf(made.db)).toEqual([])
      await nextRunApplies(made, [])
    })
  }

  test('one transaction each: nothing of that step is committed, and nothing is rolled back', async () => {
    const made = await scene(inside)
    const failed = await cut(made, 'the run lock', ['migrate', ...EACH])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST', id: '0002_two' })
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'applied', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(await tablesOf(made.db)).toEqual(['one'])
    expect(await historyOf(made.db)).toEqual(['0001_one'])
    await nextRunApplies(made, [])
  })

  test('outside a transaction: the step stays dirty for the next run, nothing is rolled back', async () => {
    const made = await scene(outside)
    const failed = await cut(made, 'the run lock', ['migrate'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST', id: '0002_two', dirty: true })
    expect(await tablesOf(made.db)).toEqual(['one', 'two'])
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    await nextRunApplies(made, ['0002_two'])
  })

  test('a rollback stops before its commit', async () => {
    const files = { ...one, ...pair('0002_two', 'CREATE TABLE two (id int);', `DROP TABLE two;\n${SLEEP};`) }
    const made = await scene(files)
    await made.project.run(['migrate'])
    const failed = await cut(made, 'the run lock', ['rollback'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
    expect(await tablesOf(made.db)).toEqual(['one', 'two'])
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
  })

  test('a step that shrugs off its cancelling is not committed either', async () => {
    const stubborn = `DO $$ BEGIN
      WHILE NOT (SELECT hurried FROM pace) LOOP
        BEGIN PERFORM pg_sleep(0.02); EXCEPTION WHEN query_canceled THEN NULL; END;
      END LOOP; END $$;`
    const made = await scene({
      ...one,
      ...pair('0002_two', `CREATE TABLE two (id int);\n${stubborn}`, 'DROP TABLE two;'),
    })
    const running = made.project.start(['migrate', '--json'])
    await sleeping(made.db)
    await terminate(made.db, await lockHolder(made.db))
    await hurry(made.db)
    const failed = await running.finished
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
    expect(await tablesOf(made.db)).toEqual([])
    expect(await historyOf(made.db)).toEqual([])
  })

  for (const transaction of ['batch', 'each'] as const) {
    test(`while the record is being written, --transaction ${transaction}: nothing is committed, nothing hangs`, async () => {
      const made = await scene(one)
      await made.project.run(['migrate'])
      await slowHistory(made.db)
      await made.project.write(pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;'))
      const running = made.project.start(['migrate', '--transaction', transaction, '--json'])
      await sleeping(made.db)
      await terminate(made.db, await lockHolder(made.db))
      const ended = await Promise.race([running.finished, pause(15_000)])
      expect(ended?.code ?? 'it hangs').toBe(1)
      expect(ended?.json().error).toMatchObject({ code: 'LOCK_LOST' })
      expect(await historyOf(made.db)).toEqual(['0001_one'])
      expect(await tablesOf(made.db)).toEqual(['one'])
    })
  }

  test('in the middle of a recovery: the recovery stops, and the entry stays dirty', async () => {
    const made = await scene({ ...one, ...outsidePair('0002_two', UP, `${SLEEP};\nDROP TABLE two;`) })
    const killed = made.project.start(['migrate'])
    await sleeping(made.db)
    killed.process.kill('SIGKILL')
    await killed.finished
    await nobodySleeps(made.db)
    const running = made.project.start(['migrate', '--json'])
    await sleeping(made.db)
    await terminate(made.db, await lockHolder(made.db))
    await nobodySleeps(made.db, 5_000)
    const failed = await running.finished
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_LOST' })
    expect(await tablesOf(made.db)).toEqual(['one', 'two'])
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
  })
})

test('a database that ends idle transactions soon does not end the run lock', async () => {
  const made = await scene(inside)
  await made.db.sql.unsafe(`ALTER DATABASE ${made.db.name} SET idle_in_transaction_session_timeout = '300ms'`)
  const running = made.project.start(['migrate', '--json'])
  await sleeping(made.db)
  await pause(1_000)
  await hurry(made.db)
  const done = await running.finished
  expect(done.code, saidBy(done)).toBe(0)
  expect(await historyOf(made.db)).toEqual(all)
})

describe('the connection that the step runs on is cut', () => {
  for (const [what, files] of [
    ['SQL', inside],
    ['a module', asModule],
  ] as const) {
    test(`in one transaction for all, ${what}: nothing is applied, and the next run works`, async () => {
      const made = await scene(files)
      const failed = await cut(made, 'the step', ['migrate'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', id: '0002_two' })
      expect(statusesOf(failed.json())).toEqual({
        '0001_one': 'reverted',
        '0002_two': 'failed',
        '0003_three': 'not-run',
      })
      expect(await tablesOf(made.db)).toEqual([])
      await nextRunApplies(made, [])
    })
  }

  test('one transaction each: the earlier ones are rolled back over a new connection', async () => {
    const made = await scene(inside)
    const failed = await cut(made, 'the step', ['migrate', ...EACH])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', id: '0002_two' })
    expect(failed.json().error.rollbackError).toBeUndefined()
    expect(statusesOf(failed.json())).toEqual({ '0001_one': 'reverted', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(await tablesOf(made.db)).toEqual([])
    await nextRunApplies(made, [])
  })

  test('outside a transaction: the step stays dirty, and the next run recovers it', async () => {
    const made = await scene(outside)
    const failed = await cut(made, 'the step', ['migrate'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'CONNECTION_LOST', id: '0002_two', dirty: true })
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    await nextRunApplies(made, ['0002_two'])
  })

  test('a person sees what happened and what to do next, not a stack', async () => {
    const made = await scene(inside)
    const running = made.project.start(['migrate'])
    await terminate(made.db, await sleeping(made.db))
    const failed = await running.finished
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('[CONNECTION_LOST]')
    expect(failed.stderr).toContain('status')
    expect(failed.stderr).not.toMatch(/^\s+at /m)
  })
})
