import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { MigratorError } from '../../src/errors.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { refusalOf } from '../support/backup.ts'
import { pair, threeTables } from '../support/cli.ts'
import { stateOf, type TestDatabase } from '../support/database.ts'
import { hookScene } from '../support/hooks.ts'
import { historyOf, sleeping as inSleep, tablesOf } from '../support/observe.ts'

const all = ['0001_one', '0002_two', '0003_three']
/** The third fails. */
const failing = {
  ...threeTables(),
  ...pair('0003_three', 'CREATE TABLE three (id int); SELECT 1/0;', 'DROP TABLE three;'),
}
/** The down of the second fails. */
const stuck = { ...threeTables(), ...pair('0002_two', 'CREATE TABLE two (id int);', 'SELECT 1/0;') }

describe('one backup for a run', () => {
  test('is taken once before anything is changed, and receives what will run', async () => {
    const { db, runner, migrations, provider, scopes, course, onProgress } = await hookScene(threeTables())
    const seen: unknown[] = []
    const look = async () => seen.push(await tablesOf(db), await historyOf(db))
    const backupProvider = provider({ before: look })
    const report = await runner.apply(migrations, { backupProvider, reason: 'launch', onProgress })
    expect(report.error).toBeUndefined()
    expect(seen).toEqual([[], []])
    expect(course).toEqual([`before ${all.join(' ')}`, ...all.map((id) => `step-applied ${id}`)])
    const { kind, operation, runId, steps, database, operator, reason } = scopes[0] ?? {}
    expect({ kind, operation, runId, reason }).toEqual({
      kind: 'run',
      operation: 'migrate',
      runId: report.runId,
      reason: 'launch',
    })
    expect(steps?.[0]).toMatchObject({ direction: 'up', sql: expect.stringContaining('CREATE TABLE one') })
    expect(database).toMatchObject({ database: db.name })
    expect(database).not.toHaveProperty('password')
    expect(operator).toMatchObject({ user: 'tester' })
    expect(report.backups.map(({ handle }) => handle.id)).toEqual(['b1'])
    const recorded = await db.sql`SELECT id, provider, run_id, state, restore_command FROM migration_backups`
    expect(recorded).toEqual([
      { id: 'b1', provider: 'own', run_id: report.runId, state: 'available', restore_command: 'fetch-it b1' },
    ])
  })

  test.each(['rollback', 'panicRollback'] as const)(
    'is taken once by %s, before anything is reverted',
    async (call) => {
      const { db, runner, migrations, provider, scopes, course, onProgress } = await hookScene(threeTables())
      await runner.apply(migrations)
      const seen: unknown[] = []
      const backupProvider = provider({ before: async () => seen.push(await historyOf(db)) })
      const report = await runner[call](migrations, { backupProvider, onProgress })
      expect(report.error).toBeUndefined()
      expect(seen).toEqual([all])
      const back = call === 'rollback' ? all.slice(2) : all.toReversed()
      expect(course).toEqual([`before ${back.join(' ')}`, ...back.map((id) => `step-reverted ${id}`)])
      expect(scopes).toMatchObject([{ kind: 'run', operation: 'rollback' }])
    },
  )

  test('is not taken where nothing is pending, in a dry run, and where the run was not agreed to', async () => {
    const { runner, migrations, provider, course } = await hookScene(threeTables())
    const backupProvider = provider()
    const disagree = async () => {
      throw new MigratorError('CONFIRMATION_REQUIRED', 'no')
    }
    await runner.apply(migrations, { backupProvider, dryRun: true })
    await refusalOf(runner.apply(migrations, { backupProvider, approve: disagree }))
    await runner.apply(migrations)
    expect((await runner.apply(migrations, { backupProvider })).backups).toEqual([])
    expect(course).toEqual([])
  })

  test.each([
    ['any error', new Error('no space left'), { code: 'BACKUP_FAILED', message: expect.stringContaining('no space') }],
    ['one of the migrator', new MigratorError('BACKUP_UNAVAILABLE', 'ask the DBA'), { code: 'BACKUP_UNAVAILABLE' }],
  ])('that throws %s stops the run with nothing touched', async (_, thrown, wanted) => {
    const { db, runner, migrations, provider, course, events, onProgress } = await hookScene(threeTables())
    const before = await stateOf(db)
    const backupProvider = provider({ before: () => Promise.reject(thrown) })
    const error = await refusalOf(runner.apply(migrations, { backupProvider, onProgress }))
    expect(error).toBeInstanceOf(MigratorError)
    expect(error).toMatchObject({ ...wanted, cause: thrown })
    expect(wanted.code === 'BACKUP_FAILED' ? (error as MigratorError).exitCode : 1).toBe(1)
    expect(await stateOf(db)).toBe(before)
    expect(course).toEqual([`before ${all.join(' ')}`])
    expect(events.map(({ kind }) => kind)).toContain('backup-failed')
  })
})

describe('one backup for every migration', () => {
  test('is taken before each, when those before it are committed', async () => {
    const { db, runner, migrations, provider, scopes, course, onProgress } = await hookScene(threeTables())
    const seen: unknown[] = []
    const backupProvider = provider({ per: 'migration', before: async () => seen.push(await historyOf(db)) })
    const report = await runner.apply(migrations, { backupProvider, onProgress })
    expect(report.error).toBeUndefined()
    expect(seen).toEqual([[], all.slice(0, 1), all.slice(0, 2)])
    expect(course).toEqual(all.flatMap((id) => [`before ${id}`, `step-applied ${id}`]))
    expect(scopes.map(({ kind }) => kind)).toEqual(['migration', 'migration', 'migration'])
    const recorded = await db.sql`SELECT id, migration, state FROM migration_backups ORDER BY id`
    expect(recorded).toEqual(all.map((id, at) => ({ id: `b${at + 1}`, migration: id, state: 'available' })))
  })

  test('does not go with one transaction for all', async () => {
    const { db, runner, migrations, provider, course } = await hookScene(threeTables())
    const backupProvider = provider({ per: 'migration' })
    const error = await refusalOf(runner.apply(migrations, { backupProvider, transaction: 'batch' }))
    expect(error).toMatchObject({ code: 'USAGE_INVALID', exitCode: 2 })
    expect(course).toEqual([])
    expect(await tablesOf(db)).toEqual([])
  })

  test('after a failure all are put back, the newest first, after the logical rollback', async () => {
    const { db, runner, migrations, provider, course, onProgress } = await hookScene(failing)
    const seen: unknown[] = []
    const restore = async () => void seen.push(await historyOf(db), await tablesOf(db))
    const report = await runner.apply(migrations, {
      backupProvider: provider({ per: 'migration', restore }),
      onProgress,
    })
    expect(report.error).toMatchObject({ code: 'MIGRATION_FAILED' })
    expect(course.slice(-6)).toEqual([
      'step-failed 0003_three',
      'step-reverted 0002_two',
      'step-reverted 0001_one',
      'restore b3',
      'restore b2',
      'restore b1',
    ])
    expect(seen).toEqual([[], [], [], [], [], []])
    const recorded = await db.sql`SELECT id, state FROM migration_backups ORDER BY id`
    expect(recorded.map(({ state }) => state)).toEqual(['restored', 'restored', 'restored'])
  })

  test('that throws in the middle rolls back what was applied before it', async () => {
    const { db, runner, migrations, provider, course, onProgress } = await hookScene(threeTables())
    const before = async ({ steps }: { steps: readonly { id: string }[] }) => {
      if (steps[0]?.id === '0002_two') throw new Error('no space left')
    }
    const report = await runner.apply(migrations, {
      backupProvider: provider({ per: 'migration', before }),
      onProgress,
    })
    expect(report.error).toMatchObject({ code: 'BACKUP_FAILED', exitCode: 1 })
    expect(report.results.map(({ status }) => status)).toEqual(['reverted', 'not-run', 'not-run'])
    expect(course.slice(-2)).toEqual(['step-reverted 0001_one', 'restore b1'])
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })
})

describe('after a failed run', () => {
  test('restore() learns that nothing was committed if one transaction undid it all', async () => {
    const { runner, migrations, provider } = await hookScene(failing)
    const occasions: unknown[] = []
    const restore = async (occasion: unknown) => void occasions.push(occasion)
    await runner.apply(migrations, { backupProvider: provider({ restore }) })
    expect(occasions).toEqual([{ kind: 'failed-run', committed: false }])
  })

  test('restore() learns that something was committed, runs last, and is an event', async () => {
    const { runner, migrations, provider, course, events, onProgress } = await hookScene(failing)
    const occasions: unknown[] = []
    const restore = async (occasion: unknown) => void occasions.push(occasion)
    await runner.apply(migrations, { backupProvider: provider({ restore }), transaction: 'each', onProgress })
    expect(occasions).toEqual([{ kind: 'failed-run', committed: true }])
    expect(course.slice(-2)).toEqual(['step-reverted 0001_one', 'restore b1'])
    expect(events.at(-1)).toMatchObject({ kind: 'backup-restored', message: expect.stringContaining('b1') })
  })

  test('a provider that may not restore in place is never asked to: its command is named', async () => {
    const { runner, migrations, provider, course, events, onProgress } = await hookScene(failing)
    const backupProvider = provider({ handle: { restores: 'elsewhere' } })
    const { error } = await runner.apply(migrations, { backupProvider, transaction: 'each', onProgress })
    expect(course.some((line) => line.startsWith('restore'))).toBe(false)
    expect(error?.hint).toContain('fetch-it b1')
    expect(error?.details.backups).toMatchObject([{ backup: 'b1', provider: 'own', restoreCommand: 'fetch-it b1' }])
    expect(events.at(-1)).toMatchObject({ kind: 'warning', message: expect.stringContaining('fetch-it b1') })
  })

  test('reports a restore() that throws beside what failed first', async () => {
    const { db, runner, migrations, provider } = await hookScene(failing)
    const restore = () => Promise.reject(new Error('the copy is damaged'))
    const { error } = await runner.apply(migrations, { backupProvider: provider({ restore }), transaction: 'each' })
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', hint: expect.stringContaining('fetch-it b1') })
    expect(error?.message).toMatch(/division by zero[\s\S]*the copy is damaged/)
    expect(error?.details.restoreError).toMatchObject({ message: expect.stringContaining('the copy is damaged') })
    expect(await db.sql`SELECT state FROM migration_backups`).toEqual([{ state: 'available' }])
  })

  test('that was interrupted, it is left to people', async () => {
    const sleeping = { ...threeTables(), ...pair('0003_three', 'SELECT pg_sleep(30);', 'SELECT 1;') }
    const { db, runner, migrations, provider, course, events, onProgress } = await hookScene(sleeping)
    const controller = new AbortController()
    const asked = { backupProvider: provider(), transaction: 'each', signal: controller.signal, onProgress } as const
    const run = runner.apply(migrations, asked)
    await inSleep(db)
    controller.abort()
    const { error } = await run
    expect(error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    expect(course.some((line) => line.startsWith('restore'))).toBe(false)
    expect(events.at(-1)?.message).toContain('fetch-it b1')
  })

  test('whose earlier migrations stay applied, nothing is put back over them', async () => {
    const { db, runner, migrations, provider, course } = await hookScene(failing)
    const asked = { backupProvider: provider(), transaction: 'each', onFailure: 'stop' } as const
    const { error } = await runner.apply(migrations, asked)
    expect(error?.code).toBe('MIGRATION_FAILED')
    expect(await historyOf(db)).toEqual(all.slice(0, 2))
    expect(course).toEqual([`before ${all.join(' ')}`])
  })

  test('whose down failed half-way, nothing is put back over what was reverted', async () => {
    const { db, runner, migrations, provider, course, events, onProgress } = await hookScene(stuck)
    await runner.apply(migrations)
    const asked = { backupProvider: provider(), transaction: 'each', onProgress } as const
    const { error } = await runner.rollback(migrations, { ...asked, target: { kind: 'count', count: 2 } })
    expect(error?.code).toBe('ROLLBACK_FAILED')
    expect(course.some((line) => line.startsWith('restore'))).toBe(false)
    expect(events.at(-1)?.message).toContain('fetch-it b1')
    expect(await historyOf(db)).toEqual(all.slice(0, 2))
  })

  test('and after a run that succeeded, restore() is never called', async () => {
    const { runner, migrations, provider, course } = await hookScene(threeTables())
    expect((await runner.apply(migrations, { backupProvider: provider() })).error).toBeUndefined()
    expect((await runner.rollback(migrations, { backupProvider: provider() })).error).toBeUndefined()
    expect(course.some((line) => line.startsWith('restore'))).toBe(false)
  })
})

describe('a provider that excludes sessions', () => {
  /** Long enough for whatever lingers: the log gathers its lines before it writes them. */
  const LINGERING_MS = 300
  const sessionsOf = async ({ sql, name }: TestDatabase) => {
    await sleep(LINGERING_MS)
    const rows = await sql`
      SELECT query FROM pg_stat_activity WHERE datname = ${name} AND application_name LIKE 'migrator/%'`
    return rows.map(({ query }) => query as string)
  }

  test.each(['apply', 'rollback'] as const)('has the database for itself while %s waits for it', async (call) => {
    const { db, runner, migrations, provider, course, onProgress } = await hookScene(threeTables())
    await runner.apply(migrations, call === 'rollback' ? {} : { target: { kind: 'count', count: 1 } })
    const seen: unknown[] = []
    const before = async () => seen.push(await sessionsOf(db))
    const report = await runner[call](migrations, {
      backupProvider: provider({ excludes: 'sessions', before }),
      onProgress,
    })
    expect(report.error).toBeUndefined()
    expect(seen).toEqual([[]])
    expect(course.filter((line) => line.startsWith('before'))).toHaveLength(1)
    expect(await db.sql`SELECT id, state FROM migration_backups`).toEqual([{ id: 'b1', state: 'available' }])
    const events = await db.sql`SELECT event FROM migration_logs WHERE run_id = ${report.runId} ORDER BY id`
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['backup-taken', 'run-started', 'run-finished']),
    )
  })

  test('has it for itself also where the plan comes with warnings, which are logged', async () => {
    const { db, runner, migrations, provider } = await hookScene(threeTables())
    await runner.apply(migrations)
    await db.sql`UPDATE schema_migrations SET sources = NULL WHERE version = '0003_three'`
    const seen: unknown[] = []
    const before = async () => seen.push(await sessionsOf(db))
    const backupProvider = provider({ excludes: 'sessions', before })
    const report = await runner.rollback(migrations.slice(0, 2), { backupProvider, force: true })
    expect(report.error).toBeUndefined()
    expect(report.plan.notices).not.toEqual([])
    expect(seen).toEqual([[]])
    const events = await db.sql`SELECT event FROM migration_logs WHERE run_id = ${report.runId} ORDER BY id`
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['warning', 'backup-taken', 'run-finished']),
    )
  })

  test('has it for itself again when it puts back, and the log has all of it', async () => {
    const { db, runner, migrations, provider } = await hookScene(failing)
    await runner.apply(migrations, { target: { kind: 'count', count: 1 } })
    const seen: unknown[] = []
    const restore = async () => void seen.push(await sessionsOf(db))
    const backupProvider = provider({ excludes: 'sessions', restore })
    const report = await runner.apply(migrations, { backupProvider, transaction: 'each' })
    expect(report.error).toBeDefined()
    expect(seen).toEqual([[]])
    const events = await db.sql`SELECT event FROM migration_logs WHERE run_id = ${report.runId} ORDER BY id`
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['backup-taken', 'step-failed', 'run-failed', 'backup-restored']),
    )
  })

  test('is refused to go on when the history changed meanwhile', async () => {
    const { db, runner, migrations, adapter, provider, course } = await hookScene(threeTables())
    const before = async () => {
      await new MigrationRunner({ adapter }).apply(migrations, { target: { kind: 'count', count: 1 } })
    }
    const backupProvider = provider({ excludes: 'sessions', before })
    const error = await refusalOf(runner.apply(migrations, { backupProvider }))
    expect(error).toMatchObject({ code: 'BACKUP_FAILED', exitCode: 1, message: expect.stringContaining('changed') })
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(course).toEqual([`before ${all.join(' ')}`])
  })
})
