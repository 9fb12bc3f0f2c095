import { expect, test } from 'vitest'
import { MigrationRunner, PostgresAdapter } from '../../src/index.ts'
import { pair, threeTables } from '../support/cli.ts'
import { hookScene } from '../support/hooks.ts'
import { historyOf, tablesOf } from '../support/observe.ts'

const fail = () => {
  throw new Error('the caller is broken')
}
const callbacks = [
  ['throws', fail],
  ['rejects', async () => fail()],
  ['returns a promise that never settles', () => new Promise<never>(() => {})],
] as const
const modes = ['each', 'batch'] as const

const notice = (table: string) => `CREATE TABLE ${table} (id int); DO $$ BEGIN RAISE NOTICE 'made ${table}'; END $$;`
const outside = {
  ...pair('0001_one', notice('one'), 'DROP TABLE one;'),
  ...pair('0002_two', `-- migrator: transaction=false\n${notice('two')}`, 'DROP TABLE two;'),
  ...pair('0003_three', notice('three'), 'DROP TABLE three;'),
}

test.each(callbacks.flatMap(([name, callback]) => modes.map((transaction) => ({ name, callback, transaction }))))(
  'a run goes through and comes back although every callback $name ($transaction)',
  async ({ callback, transaction }) => {
    const { db, migrations } = await hookScene(transaction === 'each' ? outside : threeTables())
    const adapter = new PostgresAdapter({ connectionString: db.url, onNotice: callback })
    const runner = new MigrationRunner({ adapter, onWarning: callback, logFile: '/dev/null/not/a/file' })
    const up = await runner.apply(migrations, { transaction, onProgress: callback })
    expect(up.error).toBeUndefined()
    expect(up.results.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
    const down = await runner.panicRollback(migrations, { onProgress: callback })
    expect(down.results.map(({ status }) => status)).toEqual(['reverted', 'reverted', 'reverted'])
    expect(await tablesOf(db)).toEqual([])
    await adapter.close()
  },
)

test('reports a failed step and what it left, although every callback throws', async () => {
  const failing = pair('0003_three', 'SELECT 1/0;', 'SELECT 1;')
  const { db, runner, migrations } = await hookScene({ ...threeTables(), ...failing })
  const report = await runner.apply(migrations, { transaction: 'each', onProgress: fail })
  expect(report.error).toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('division by zero') })
  expect(report.results.map(({ status }) => status)).toEqual(['reverted', 'reverted', 'failed'])
  expect(await historyOf(db)).toEqual([])
})
