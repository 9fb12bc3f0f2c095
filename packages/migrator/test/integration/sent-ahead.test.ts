import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { hurry, SLEEP, saidBy, scene, statusesOf } from '../support/scene.ts'

const COUNT = 60

function idOf(number: number): string {
  return `${String(number).padStart(4, '0')}_t${number}`
}

/** Many plain steps, which are sent before the answers to those ahead of them have come; one of them is another. */
function manySteps(at: number, up: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (let number = 1; number <= COUNT; number++) {
    const text = number === at ? up : `CREATE TABLE t${number} (id int);\n`
    Object.assign(files, pair(idOf(number), text, `DROP TABLE IF EXISTS t${number};\n`))
  }
  return files
}

function first(count: number): string[] {
  return Array.from({ length: count }, (_, index) => idOf(index + 1))
}

const STANDING = `
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`

describe('one transaction each, when a step in the middle fails', () => {
  test.each([
    ['in its statement', 'CREATE TABLE t20 (id int); INSERT INTO nowhere VALUES (1);\n', '42P01'],
    ['at its COMMIT', 'CREATE TABLE t20 (id int); INSERT INTO child VALUES (7);\n', '23503'],
  ])('%s, nothing of it or behind it is applied', async (_, up, sqlstate) => {
    const { db, project } = await scene(manySteps(20, up), { standing: STANDING })
    const failed = await project.run(['migrate', '--transaction', 'each', '--on-failure', 'stop', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ id: idOf(20), sqlstate })
    const statuses = statusesOf(failed.json())
    expect(Object.values(statuses).filter((status) => status === 'applied')).toHaveLength(19)
    expect(statuses[idOf(20)]).toBe('failed')
    expect(statuses[idOf(21)]).toBe('not-run')
    expect(await historyOf(db)).toEqual(first(19))
    expect(await tablesOf(db)).not.toContain('t21')

    await project.write(manySteps(0, ''))
    expect((await project.run(['migrate'])).code).toBe(0)
    expect(await historyOf(db)).toEqual(first(COUNT))
  })

  test('the steps ahead of it are rolled back by their downs', async () => {
    const { db, project } = await scene(manySteps(20, 'INSERT INTO child VALUES (7);\n'), { standing: STANDING })
    expect((await project.run(['migrate', '--transaction', 'each'])).code).toBe(1)
    expect(await historyOf(db)).toEqual([])
    expect(await tablesOf(db)).not.toContain('t1')
  })
})

test('a failing down in the middle stops there; what was reverted before it stays reverted', async () => {
  const files = { ...manySteps(0, ''), [`migrations/${idOf(40)}.down.sql`]: 'DROP TABLE t40; DROP TABLE nowhere;\n' }
  const { db, project } = await scene(files)
  expect((await project.run(['migrate'])).code).toBe(0)
  const failed = await project.run(['rollback', '--all', '--force', '--transaction', 'each', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'ROLLBACK_FAILED', id: idOf(40) })
  expect(await historyOf(db)).toEqual(first(40))
  expect(await tablesOf(db)).toContain('t39')
  expect(await tablesOf(db)).toContain('t40')
})

test('in one transaction a step that fails in the middle is the one that is named, and nothing stays', async () => {
  const { db, project } = await scene(manySteps(20, 'CREATE TABLE t20 (id int); SELECT 1/0;\n'))
  const failed = await project.run(['migrate', '--json'])
  expect(failed.json().error).toMatchObject({ id: idOf(20), sqlstate: '22012' })
  expect(await historyOf(db)).toEqual([])
  expect(await tablesOf(db)).not.toContain('t1')
})

test('a batch is recorded in its order, with the times at which its steps ended', async () => {
  const { db, project } = await scene(manySteps(30, 'SELECT pg_sleep(0.5);\n'))
  expect((await project.run(['migrate'])).code).toBe(0)
  const rows = await db.sql`SELECT version, applied_at, duration_ms FROM schema_migrations ORDER BY sequence`
  expect(rows.map(({ version }) => version)).toEqual(first(COUNT))
  const times = rows.map(({ applied_at }) => (applied_at as Date).getTime())
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(Number(rows[29]?.duration_ms)).toBeGreaterThan(400)
  expect((times[29] ?? 0) - (times[28] ?? 0)).toBeGreaterThan(300)
})

test('a Ctrl-C reports as applied exactly what is on record', async () => {
  const { db, project } = await scene(manySteps(25, `${SLEEP};\n`))
  const running = project.start(['migrate', '--transaction', 'each', '--json'])
  await expect.poll(() => historyOf(db).catch(() => []), { timeout: 20_000 }).toHaveLength(24)
  running.process.kill('SIGINT')
  const stopped = await running.finished
  await hurry(db)
  expect(stopped.code, saidBy(stopped)).toBe(130)
  const applied = Object.entries(statusesOf(stopped.json())).filter(([, status]) => status === 'applied')
  expect(applied.map(([id]) => id)).toEqual(await historyOf(db))
})
