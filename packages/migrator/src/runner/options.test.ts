import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { defaultRunOptions } from '../engine/run/context.ts'
import { FileStateStore, MigrationRunner, PostgresAdapter, TableStateStore } from '../index.ts'
import { createRdsProvider } from '../providers/rds/provider.ts'
import { RollbackTester } from '../testing/index.ts'
import { runOptionsOf } from './run-options.ts'
import { downTargetOf, upTargetOf } from './targets.ts'

const connectionString = 'postgresql://nobody@127.0.0.1:1/nothing'
const adapter = new PostgresAdapter({ connectionString })
const runner = new MigrationRunner({ adapter })
type Call = (options: never) => unknown

const makers: readonly [string, Call][] = [
  ['MigrationRunner', (options: object) => new MigrationRunner({ adapter, ...options })],
  ['PostgresAdapter', (options: object) => new PostgresAdapter({ connectionString, ...options })],
  ['TableStateStore', (options: object) => new TableStateStore(options)],
  ['FileStateStore', (options: object) => new FileStateStore({ filePath: 'state.json', ...options })],
  ['createRdsProvider()', (options: object) => createRdsProvider(options as never)],
]
const calls: readonly [string, Call][] = [
  ['apply()', (options) => runner.apply([], options)],
  ['rollback()', (options) => runner.rollback([], options)],
  ['panicRollback()', (options) => runner.panicRollback([], options)],
  ['plan()', (options) => runner.plan([], options)],
  ['rehearse()', (options) => runner.rehearse([], options)],
  ['drift()', (options) => runner.drift([], options)],
  ['baseline()', (options) => runner.baseline([], '1_a', options)],
  ['repair()', (options) => runner.repair([], { kind: 'drop-record', id: '1_a' }, options)],
  ['history()', (options) => runner.history(options)],
  ['RollbackTester.verify()', (options: object) => RollbackTester.verify(runner, [], { failAt: '1_a', ...options })],
  ['RollbackTester.verifyAll()', (options) => RollbackTester.verifyAll(runner, [], options)],
]

test.each([...makers, ...calls])(
  '%s refuses an option that does not exist, before anything happens',
  async (where, call) => {
    const refused = new Promise((resolve) => resolve(call({ nonsense: 1 } as never)))
    await expect(refused).rejects.toMatchObject({ code: 'USAGE_INVALID', details: { option: 'nonsense' } })
    await expect(refused).rejects.toThrow(where)
  },
)

describe('a value that an option cannot have is refused by its name', () => {
  test.each<[string, Call, string, unknown]>([
    ...['lockTimeoutMs', 'statementTimeoutMs', 'lockWaitMs', 'lockRetries', 'lossTimeoutMs'].flatMap((name) =>
      [Number.NaN, -1, '5', 1.5].map(
        (value) => ['rollback', calls[1]?.[1], name, value] as [string, Call, string, unknown],
      ),
    ),
    ['apply', (options) => runner.apply([], options), 'transaction', 'all'],
    ['apply', (options) => runner.apply([], options), 'target', 7],
    ['apply', (options) => runner.apply([], options), 'target', { kind: 'batch' }],
    ['apply', (options) => runner.apply([], options), 'target', { kind: 'count', count: 0 }],
    ['apply', (options) => runner.apply([], options), 'backupProvider', {}],
    ['apply', (options) => runner.apply([], options), 'signal', {}],
    ['adapter', (options: object) => new PostgresAdapter({ connectionString, ...options }), 'connectTimeoutMs', 0],
    ['store', (options) => new FileStateStore(options), 'filePath', 7],
    ['rds', (options) => createRdsProvider(options), 'pollIntervalMs', Number.NaN],
  ])('%s: %s', async (_, call, option, value) => {
    const refused = new Promise((resolve) => resolve(call({ [option]: value } as never)))
    await expect(refused).rejects.toMatchObject({ code: 'USAGE_INVALID', details: { option } })
  })

  test('and so is a missing URL, by its own code', () => {
    const make = () => new PostgresAdapter({ connectionString: undefined as never })
    expect(make).toThrow(expect.objectContaining({ code: 'DATABASE_URL_INVALID' }))
  })
})

test('what is undefined has its default', () => {
  const nothing = Object.fromEntries(Object.keys(defaultRunOptions).map((name) => [name, undefined]))
  expect(runOptionsOf(nothing)).toMatchObject(defaultRunOptions)
})

describe('how far a run goes', () => {
  test('is said by a count, an id, or a target', () => {
    expect(upTargetOf({})).toEqual({ kind: 'latest' })
    expect(upTargetOf({ steps: 2 })).toEqual({ kind: 'count', count: 2 })
    expect(upTargetOf({ target: '2_b', steps: undefined })).toEqual({ kind: 'id', id: '2_b' })
    expect(upTargetOf({ target: { kind: 'latest' } })).toEqual({ kind: 'latest' })
    expect(downTargetOf({ all: false })).toEqual({ kind: 'count', count: 1 })
    expect(downTargetOf({ steps: 2 })).toEqual({ kind: 'count', count: 2 })
    expect(downTargetOf({ target: '2_b' })).toEqual({ kind: 'id', id: '2_b' })
    expect(downTargetOf({ batch: true })).toEqual({ kind: 'batch' })
    expect(downTargetOf({ all: true })).toEqual({ kind: 'empty' })
  })

  test('is refused when it is said in two ways', () => {
    expect(() => upTargetOf({ target: '2_b', steps: 1 })).toThrow('target and steps cannot be combined')
    expect(() => downTargetOf({ all: true, steps: 1 })).toThrow('steps and all cannot be combined')
  })
})

test('a call without migrations and without a directory is refused', async () => {
  await expect(runner.apply()).rejects.toMatchObject({ code: 'USAGE_INVALID' })
  const absent = new MigrationRunner({ adapter, migrationsDirectory: `${folderOf({})}/absent` })
  await expect(absent.apply()).rejects.toMatchObject({ code: 'MIGRATIONS_DIRECTORY_MISSING' })
})
