import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { askedForTransactionId, historyOf, nobodySleeps, sleeping, tablesOf } from '../support/observe.ts'
import { hurry, module, outsidePair, SLEEP, saidBy, scene, slowHistory, statusesOf } from '../support/scene.ts'
import { startWireProxy } from '../support/wire/proxy.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')
const SLEEPY = `CREATE TABLE two (id int);\n${SLEEP};\nCREATE TABLE two_more (id int);\n`
const DOWN = 'DROP TABLE two_more;\nDROP TABLE two;\n'
const sleepy = pair('0002_two', SLEEPY, DOWN)
const sleepyOutside = outsidePair('0002_two', SLEEPY, DOWN)
const sleepyModule = module('0002_two', {
  up: `await db.execute('CREATE TABLE two (id int)'); await db.execute('${SLEEP}')`,
  down: "await db.execute('DROP TABLE two')",
})

describe('in a transaction', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} cancels the statement on the server; nothing is applied and the exit code is 130`, async () => {
      const { db, project } = await scene({ ...one, ...sleepy, ...three })
      const running = project.start(['migrate', '--json'])
      await sleeping(db)
      running.process.kill(signal)
      const ended = await running.finished
      expect(ended.code, saidBy(ended)).toBe(130)
      expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
      expect(ended.stderr).toContain('Stopping')
      await nobodySleeps(db, 500)
      expect(await tablesOf(db)).toEqual([])
      expect(await historyOf(db)).toEqual([])
    })
  }

  test('a module is interrupted as well', async () => {
    const { db, project } = await scene({ ...one, ...sleepyModule })
    const running = project.start(['migrate', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED' })
    expect(await tablesOf(db)).toEqual([])
  })

  test('a module is stopped between two statements', async () => {
    const looping = module('0002_two', {
      up: "for (;;) { await db.execute('SELECT 1'); console.error('loops') }",
      down: "await db.execute('SELECT 1')",
    })
    const { db, project } = await scene({ ...one, ...looping })
    const running = project.start(['migrate', '--json'])
    await running.says('loops')
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED' })
    expect(await tablesOf(db)).toEqual([])
  })

  test('a module that waits for something else than the database is not waited for', async () => {
    const waiting = module('0002_two', {
      up: "await db.execute('CREATE TABLE two (id int)'); console.error('waits'); await new Promise(() => setInterval(() => {}, 1000))",
      down: "await db.execute('DROP TABLE two')",
    })
    const { db, project } = await scene({ ...one, ...waiting })
    const running = project.start(['migrate', '--json'])
    await running.says('waits')
    running.process.kill('SIGTERM')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED' })
    expect(await tablesOf(db)).toEqual([])
  })

  test('one transaction each: the current step is undone, what was committed stays', async () => {
    const { db, project } = await scene({ ...one, ...sleepy, ...three })
    const running = project.start(['migrate', '--transaction', 'each', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(statusesOf(ended.json())).toEqual({ '0001_one': 'applied', '0002_two': 'failed', '0003_three': 'not-run' })
    expect(await tablesOf(db)).toEqual(['one'])
    expect(await historyOf(db)).toEqual(['0001_one'])
  })

  for (const transaction of ['batch', 'each'] as const) {
    test(`SIGINT while its record is being written ends the run, --transaction ${transaction}`, async () => {
      const { db, project } = await scene(one)
      await project.run(['migrate'])
      await slowHistory(db)
      await project.write(pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;'))
      const running = project.start(['migrate', '--transaction', transaction])
      await sleeping(db)
      running.process.kill('SIGINT')
      const ended = await Promise.race([running.finished, pause(15_000)])
      expect(ended?.code ?? 'it hangs').toBe(130)
      expect(await historyOf(db)).toEqual(['0001_one'])
      expect(await tablesOf(db)).toEqual(['one'])
    })
  }

  for (const transaction of ['batch', 'each'] as const) {
    test(`SIGINT while record and COMMIT are on a long line ends the run truly, --transaction ${transaction}`, async () => {
      const link = await startWireProxy(inject('serverUrl'), { delayMs: 100 })
      onTestFinished(link.stop)
      const { db, project } = await scene({ ...one, ...sleepy, ...three }, { reachedBy: link.through })
      const running = project.start(['migrate', '--transaction', transaction])
      await sleeping(db)
      await hurry(db)
      await nobodySleeps(db)
      await pause(150) // The answer is back after 100 ms; what follows it reaches the server after 200.
      running.process.kill('SIGINT')
      const ended = await Promise.race([running.finished, pause(12_000)])
      expect(ended?.code ?? 'it hangs', ended ? saidBy(ended) : '').toBe(130)
      const history = await historyOf(db)
      expect(history).toEqual(transaction === 'batch' ? [] : expect.arrayContaining(['0001_one']))
      expect(await tablesOf(db)).toHaveLength(history.includes('0002_two') ? 3 : history.length)
    })
  }

  test('a cancelling that comes before the statement that it is for is said again', async () => {
    const link = await startWireProxy(inject('serverUrl'), { delayMs: 200, cancelling: 'at once' })
    onTestFinished(link.stop)
    const { db, project } = await scene({ ...one, ...sleepy }, { reachedBy: link.through })
    const running = project.start(['migrate', '--transaction', 'each'])
    await askedForTransactionId(db)
    await pause(300) // The answer is back after 200 ms; what follows it reaches the server after 400.
    running.process.kill('SIGINT')
    const ended = await Promise.race([running.finished, pause(20_000)])
    expect(ended?.code ?? 'it hangs', ended ? saidBy(ended) : '').toBe(130)
    expect(await historyOf(db)).toEqual(['0001_one'])
  })

  test('a module that catches its own cancelling is interrupted all the same', async () => {
    const up = `await db.execute('${SLEEP}').catch(() => undefined)`
    const { db, project } = await scene({ ...one, ...module('0002_two', { up, down: 'await 0' }) })
    const running = project.start(['migrate'])
    await sleeping(db)
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(await historyOf(db)).toEqual([])
  })

  test('it is undone at once also where another step of the run stands outside a transaction', async () => {
    const index = outsidePair('0003_three', 'CREATE INDEX CONCURRENTLY i ON one (id);', 'DROP INDEX i;')
    const { db, project } = await scene({ ...one, ...sleepy, ...index })
    const running = project.start(['migrate', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    await nobodySleeps(db, 5_000)
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })

  test('a rollback is interrupted as well, and leaves all of it applied', async () => {
    const files = pair('0002_two', 'CREATE TABLE two (id int);', `DROP TABLE two; ${SLEEP};`)
    const { db, project } = await scene({ ...one, ...files })
    await project.run(['migrate'])
    const running = project.start(['rollback', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(await tablesOf(db)).toEqual(['one', 'two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })

  test('the next run applies everything', async () => {
    const { db, project } = await scene({ ...one, ...sleepy })
    const running = project.start(['migrate'])
    await sleeping(db)
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.stderr).toContain('[INTERRUPTED]')
    await hurry(db)
    expect((await project.run(['migrate'])).code).toBe(0)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })
})

describe('outside a transaction', () => {
  test('SIGINT lets the step finish, runs no further one, and exits 130', async () => {
    const { db, project } = await scene({ ...one, ...sleepyOutside, ...three })
    const running = project.start(['migrate', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    await running.says('Stopping')
    await hurry(db)
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(statusesOf(ended.json())).toEqual({ '0001_one': 'applied', '0002_two': 'applied', '0003_three': 'not-run' })
    expect(await tablesOf(db)).toEqual(['one', 'two', 'two_more'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })

  test('SIGINT during the last step: it finishes, and the exit code still tells that somebody interrupted', async () => {
    const { db, project } = await scene({ ...one, ...sleepyOutside })
    const running = project.start(['migrate', '--json'])
    await sleeping(db)
    running.process.kill('SIGINT')
    await running.says('Stopping')
    await hurry(db)
    const ended = await running.finished
    expect(statusesOf(ended.json())).toEqual({ '0001_one': 'applied', '0002_two': 'applied' })
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
    expect(ended.code, saidBy(ended)).toBe(130)
  })

  test('a second Ctrl-C quits at once: the entry is dirty, and the next run recovers it', async () => {
    const { db, project } = await scene({ ...one, ...sleepyOutside, ...three })
    const running = project.start(['migrate'])
    await sleeping(db)
    running.process.kill('SIGINT')
    await running.says('Stopping')
    await pause(700) // Within half a second it counts as the echo of the first.
    running.process.kill('SIGINT')
    const ended = await running.finished
    expect(ended.code, saidBy(ended)).toBe(130)
    expect(ended.stderr).toContain('0002_two was running outside a transaction: it may now be dirty')
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
    await hurry(db)
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0002_two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
    expect(await tablesOf(db)).toEqual(['one', 'three', 'two', 'two_more'])
  })

  test('the echo of a package manager, twice the same Ctrl-C, does not quit', async () => {
    const { db, project } = await scene({ ...one, ...sleepyOutside, ...three })
    const running = project.start(['migrate'])
    await sleeping(db)
    running.process.kill('SIGINT')
    await running.says('Stopping')
    running.process.kill('SIGINT')
    await pause(200)
    expect(running.process.exitCode).toBeNull()
    await hurry(db)
    expect((await running.finished).code).toBe(130)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })
})

test('while it waits for the run lock, Ctrl-C ends it at once', async () => {
  const { db, project } = await scene({ ...one, ...sleepy })
  const holder = project.start(['migrate'])
  await sleeping(db)
  const waiting = project.start(['migrate'])
  await waiting.says('Waiting up to')
  waiting.process.kill('SIGINT')
  const ended = await waiting.finished
  expect(ended.code, saidBy(ended)).toBe(130)
  expect(ended.stderr).toContain('[INTERRUPTED]')
  expect(holder.process.exitCode).toBeNull()
})
