import { expect, inject, onTestFinished, test } from 'vitest'
import { createProject, pair, threeTables } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { type PoolerSettings, startPooler } from '../support/pgbouncer.ts'
import { outsidePair, type Scene, saidBy, scene } from '../support/scene.ts'

const files = {
  ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'),
  ...outsidePair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE IF EXISTS two;'),
}

/** Undefined where PgBouncer is not installed, which was said. */
async function behind(settings: PoolerSettings): Promise<Scene | undefined> {
  const pooler = await startPooler(inject('serverUrl'), settings)
  if (!pooler) return undefined
  onTestFinished(() => pooler.stop())
  return scene(files, { reachedBy: (url) => pooler.through(url) })
}

test.each<PoolerSettings>([{ mode: 'session' }, { mode: 'transaction' }, { mode: 'transaction', size: 2 }])(
  'behind a pooler of %j migrations go up and down',
  async (settings) => {
    const made = await behind(settings)
    if (!made) return
    const up = await made.project.run(['migrate'])
    expect(up.code, saidBy(up)).toBe(0)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
    const down = await made.project.run(['rollback', '--all', '--force', '--accept-loss'])
    expect(down.code, saidBy(down)).toBe(0)
    expect(await tablesOf(made.db)).toEqual([])
  },
)

test('a pooler that keeps no transactions is refused by name, and nothing is run', async () => {
  const made = await behind({ mode: 'statement' })
  if (!made) return
  const refused = await made.project.run(['migrate', '--json'])
  expect(refused.code, saidBy(refused)).toBe(2)
  expect(refused.json().error).toMatchObject({ code: 'POOLER_UNSUITABLE' })
  expect(refused.json().error.hint).toContain('pool_mode')
  expect(await tablesOf(made.db)).toEqual([])
})

test("a pooler's own refusals, which have no severity, are recognised by their meaning", async () => {
  const made = await behind({})
  if (!made) return
  const none = Object.assign(new URL(made.url), { pathname: '/there_is_none' }).href
  const project = await createProject(none, threeTables())
  onTestFinished(() => project.remove())
  const refused = await project.run(['migrate', '--json'])
  expect(refused.code, saidBy(refused)).toBe(1)
  expect(refused.json().error).toMatchObject({ code: 'DATABASE_NOT_FOUND' })
})

test('a pool of one connection, which the run lock would hold, is named within --lock-wait, and nothing is run', async () => {
  const made = await behind({ mode: 'transaction', size: 1 })
  if (!made) return
  const refused = await made.project.run(['migrate', '--json', '--lock-wait', '2s'])
  expect(refused.code, saidBy(refused)).toBe(1)
  expect(refused.json().error).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'busy' })
  expect(refused.json().error.message).toContain('no free second connection')
  expect(refused.json().error.hint).toContain('default_pool_size')
  expect(await tablesOf(made.db)).toEqual([])
  expect(await historyOf(made.db)).toEqual([])
})

test.each([1, 2])('a pooler that takes %i clients is busy, and nothing is applied', async (clients) => {
  const made = await behind({ clients })
  if (!made) return
  const ended = await made.project.run(['migrate', '--json', '--lock-wait', '2s'])
  expect(ended.code, saidBy(ended)).toBe(1)
  expect(ended.json().error, saidBy(ended)).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'busy' })
  expect(ended.json().error.hint).not.toContain('Correct the migration')
  expect(await historyOf(made.db)).toEqual([])
})

test('a pooler that takes three clients is enough', async () => {
  const made = await behind({ clients: 3 })
  if (!made) return
  const ended = await made.project.run(['migrate', '--json', '--lock-wait', '2s'])
  expect(ended.code, saidBy(ended)).toBe(0)
  expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
})
