import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FileStateStore, MigrationRunner, TableStateStore } from '../../src/index.ts'
import { threeTables } from '../support/cli.ts'
import { hookScene } from '../support/hooks.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { outsidePair } from '../support/scene.ts'

/** As a user might write one: it looks elsewhere before it writes, and writes twice. */
class SlowStore extends TableStateStore {
  override async record(...[on, ...changes]: Parameters<TableStateStore['record']>): Promise<void> {
    await sleep(5)
    await super.record(on, ...changes)
    await on.execute('SELECT 1')
  }
}

test.each(['each', 'batch'] as const)(
  'a store that awaits before it records keeps every record (%s)',
  async (transaction) => {
    const { db, adapter, migrations } = await hookScene(threeTables())
    const runner = new MigrationRunner({ adapter, stateStore: new SlowStore() })
    expect((await runner.apply(migrations, { transaction })).error).toBeUndefined()
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
    expect((await runner.rollback(migrations, { all: true, transaction })).error).toBeUndefined()
    expect(await historyOf(db)).toEqual([])
  },
)

/** A disk that is full, or a folder that is gone, when the second migration is to be recorded. */
class FullStore extends FileStateStore {
  override async record(...[on, ...changes]: Parameters<FileStateStore['record']>): Promise<void> {
    const ends = changes.filter(({ kind }) => kind === 'applied' || kind === 'settled')
    const second = ends.some((change) => ('entry' in change ? change.entry.id : change.id) === '0002_two')
    if (second) throw new Error('no space left on device')
    await super.record(on, ...changes)
  }
}

const two = { applied: 'CREATE TABLE two (id int);', reverted: 'DROP TABLE two;' }

describe.each([
  ['each', threeTables()],
  ['batch', threeTables()],
  ['default', { ...threeTables(), ...outsidePair('0002_two', two.applied, two.reverted) }],
] as const)('a store outside the database that cannot be written after the commit, %s,', (transaction, files) => {
  test('does not turn the step into a failed one, and nothing is reverted', async () => {
    const { db, adapter, migrations } = await hookScene(files)
    const folder = await mkdtemp(join(tmpdir(), 'migrator-state-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const store = new FullStore({ filePath: join(folder, 'history.json') })
    const runner = new MigrationRunner({ adapter, stateStore: store })
    const { error, results } = await runner.apply(migrations, { transaction })
    expect(error).toMatchObject({ code: 'HISTORY_NOT_WRITTEN' })
    expect(error?.message).toContain('0002_two')
    expect(error?.message).toContain('applied and committed, but the history was not written: no space left on device.')
    const committed = transaction === 'batch' ? ['one', 'three', 'two'] : ['one', 'two']
    expect(await tablesOf(db)).toEqual(committed)
    expect(results.map(({ status }) => status)).toEqual(
      transaction === 'batch' ? ['applied', 'applied', 'applied'] : ['applied', 'applied', 'not-run'],
    )
  })
})
