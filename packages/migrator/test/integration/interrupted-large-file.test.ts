import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { pair, type Running } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { outsidePair, saidBy, scene } from '../support/scene.ts'

/** The word `start` makes each statement look as if it might control the transaction. 50,000 of them are 10 MB. */
function manyStatements(count: number): string {
  const filler = 'x'.repeat(150)
  const rows = Array.from({ length: count }, (_, row) => `INSERT INTO big VALUES (${row}, 'start ${filler}');\n`)
  return `CREATE TABLE big (id int, text text);\n${rows.join('')}`
}

const DOWN = 'DROP TABLE big;\n'
const inside = (count: number) => pair('0001_big', manyStatements(count), DOWN)
const outside = (count: number) => outsidePair('0001_big', manyStatements(count), DOWN)

/** What it does at these moments after its start is by chance; what it leaves may not be. */
const MOMENTS_MS = [400, 700, 1_000, 1_500, 2_500]
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A second where nothing else runs; the machine of the tests is busy. */
const SOON_MS = 20_000

/** Whether it tells that the migration was applied all the same. */
async function interrupt(running: Running, signal: NodeJS.Signals): Promise<boolean> {
  const struckAt = performance.now()
  running.process.kill(signal)
  const ended = await running.finished
  expect(performance.now() - struckAt, saidBy(ended)).toBeLessThan(SOON_MS)
  // It had not begun to listen: nothing had begun either.
  if (ended.signal === signal) return false
  expect(ended.code, saidBy(ended)).toBe(130)
  expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
  return ended.json().steps?.some(({ status, direction }) => status === 'applied' && direction === 'up') ?? false
}

test.each([
  ['validate', '50,000 statements', inside(50_000)],
  ['migrate', '50,000 statements', inside(50_000)],
  ['migrate', '4,000 statements', inside(4_000)],
  ['migrate --dry-run', '50,000 statements', outside(50_000)],
  ['plan', '50,000 statements', inside(50_000)],
  ['plan', '50,000 statements outside a transaction', outside(50_000)],
])('a signal ends %s of %s soon, at any moment, and nothing is applied unless it says so', async (words, _, files) => {
  const { db, project } = await scene(files)
  for (const [index, ms] of MOMENTS_MS.entries()) {
    const running = project.start([...words.split(' '), '--json'])
    const done = await Promise.race([running.finished.then(() => true), pause(ms, false)])
    if (done) break
    const applied = await interrupt(running, SIGNALS[index % SIGNALS.length] ?? 'SIGINT')
    expect(await historyOf(db)).toEqual(applied ? ['0001_big'] : [])
    expect(await tablesOf(db)).toEqual(applied ? ['big'] : [])
    if (applied) break
  }
})
