import { expect, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { outsidePair, saidBy, scene, statusesOf } from '../support/scene.ts'

const ALL = ['rollback', '--all', '--force']
const three = ['0001_one', '0002_two', '0003_three']
const brokenDown = {
  ...threeTables(),
  ...pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;\nDROP TABLE nowhere;\n'),
}

test('a failing down in one transaction for all leaves everything applied', async () => {
  const { db, project } = await scene(brokenDown)
  await project.run(['migrate'])
  const failed = await project.run([...ALL, '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(statusesOf(failed.json())).toEqual({ '0003_three': 'not-run', '0002_two': 'failed', '0001_one': 'not-run' })
  expect(failed.json().error).toMatchObject({ code: 'ROLLBACK_FAILED', id: '0002_two', direction: 'down' })
  expect(failed.json().error.message).toContain('table "nowhere" does not exist')
  expect(failed.json().error.hint).toContain('Nothing further was reverted')
  expect(await historyOf(db)).toEqual(three)
  expect(await tablesOf(db)).toEqual(['one', 'three', 'two'])
})

test('a failing down in one transaction each stops there: what was reverted stays reverted', async () => {
  const { db, project } = await scene(brokenDown)
  await project.run(['migrate'])
  const failed = await project.run([...ALL, '--transaction', 'each', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(statusesOf(failed.json())).toEqual({ '0003_three': 'reverted', '0002_two': 'failed', '0001_one': 'not-run' })
  expect(failed.json().error).toMatchObject({ code: 'ROLLBACK_FAILED', id: '0002_two' })
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  expect(await tablesOf(db)).toEqual(['one', 'two'])
})

test('a failing down says to a person that nothing further was reverted, and where the runbook is', async () => {
  const { project } = await scene(brokenDown)
  await project.run(['migrate'])
  const failed = await project.run(['rollback', '--target', '0001_one'])
  expect(failed.code).toBe(1)
  expect(failed.stderr).toContain('[ROLLBACK_FAILED]')
  expect(failed.stderr).toContain('docs/runbooks/rollback.md')
  expect(failed.stdout).toContain('Failed: 0002_two')
})

test('a corrected down takes it back afterwards', async () => {
  const { db, project } = await scene(brokenDown)
  await project.run(['migrate'])
  await project.run(['rollback', '--target', '0001_one'])
  await project.write(threeTables())
  const done = await project.run(['rollback', '--target', '0001_one', '--force'])
  expect(done.code, saidBy(done)).toBe(0)
  expect(await historyOf(db)).toEqual(['0001_one'])
  expect(await tablesOf(db)).toEqual(['one'])
})

test('a down outside a transaction that fails at its first statement leaves the migration applied, not dirty', async () => {
  const files = {
    ...threeTables(),
    ...outsidePair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE nowhere;'),
  }
  const { db, project } = await scene(files)
  await project.run(['migrate'])
  const failed = await project.run(['rollback', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'ROLLBACK_FAILED', id: '0003_three' })
  expect(await historyOf(db)).toEqual(three)
  expect(await tablesOf(db)).toEqual(['one', 'three', 'two'])
})

test('a down outside a transaction that fails half-way is run once only, and stays dirty with its progress', async () => {
  const down = 'UPDATE purse SET coins = coins - 1;\nDROP TABLE nowhere;\nDROP TABLE three;\n'
  const files = { ...threeTables(), ...outsidePair('0003_three', 'CREATE TABLE three (id int);', down) }
  const { db, project } = await scene(files, { standing: 'CREATE TABLE purse AS SELECT 10 AS coins;' })
  await project.run(['migrate'])
  const failed = await project.run([...ALL, '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(statusesOf(failed.json())).toEqual({ '0003_three': 'failed', '0002_two': 'not-run', '0001_one': 'not-run' })
  expect(failed.json().error).toMatchObject({ code: 'ROLLBACK_FAILED', id: '0003_three', dirty: true })
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three dirty'])
  const [row] = await db.sql`SELECT progress FROM schema_migrations WHERE dirty`
  expect(row?.progress).toMatchObject({ direction: 'down', finished: 1, statement: 'DROP TABLE nowhere' })
  expect(await db.sql`SELECT coins FROM purse`).toEqual([{ coins: 9 }])
})
