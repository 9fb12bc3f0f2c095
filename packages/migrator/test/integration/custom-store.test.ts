import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MigrationRunner, TableStateStore } from '../../src/index.ts'
import { threeTables } from '../support/cli.ts'
import { hookScene } from '../support/hooks.ts'
import { historyOf } from '../support/observe.ts'

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
