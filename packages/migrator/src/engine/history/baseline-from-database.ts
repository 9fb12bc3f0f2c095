import type { HistoryEntry } from '../../core/history.ts'
import type { Migration } from '../../core/migration.ts'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import type { SchemaScript, SchemaSource } from '../../ports/schema-source.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import type { StepSession } from '../../ports/step.ts'
import { proveScript, type ScriptProof } from '../rehearse/prove-script.ts'
import { entryOf, recordOf } from '../run/atomic-step.ts'
import { createRun, withSession } from '../run/begin.ts'
import { type Context, emit, type RunOptions } from '../run/context.ts'
import { withRunLock } from '../run/lock.ts'
import { prepareHistory } from '../run/objection.ts'
import { isConnectionLost } from '../run/outcome.ts'

export interface DatabaseBaselineReport {
  readonly id: string
  readonly script: SchemaScript
  readonly proof: ScriptProof
  /** Ids recorded as applied, or, of a dry run, that would be. */
  readonly recorded: readonly string[]
  readonly dryRun: boolean
}

/** Where the migration goes. */
export interface BaselineFiles {
  /** The migration as its files will have it; writes nothing beside the others. */
  load(script: SchemaScript): Promise<Migration>
  /** Writes them; never over a file that exists. */
  write(script: SchemaScript): Promise<void>
  remove(): Promise<void>
}

export interface DatabaseBaselineOptions extends RunOptions {
  readonly dryRun: boolean
  readonly approve: () => Promise<void>
  readonly withScratch: <T>(work: (scratch: ScratchContext) => Promise<T>) => Promise<T>
}

/**
 * Writes the first migration of a project from a live database's schema, proves on a scratch database that it makes the same
 * schema and that its down removes all of it, and records it as applied under the run lock, without running it. Reads the
 * database's system catalogs and writes its history only. After a failure there is neither file nor record.
 *
 * Rejects with BASELINE_REFUSED (the history holds something), NOT_SUPPORTED (an object that cannot be written),
 * SCHEMA_NOT_PROVEN, SCRATCH_UNAVAILABLE and LOCK_UNAVAILABLE.
 */
export async function baselineFromDatabase(
  context: Context,
  source: SchemaSource,
  files: BaselineFiles,
  options: DatabaseBaselineOptions,
): Promise<DatabaseBaselineReport> {
  return withSession(context, async (first) => {
    refuseHistory(await context.store.read(first))
    if (!options.dryRun) await options.approve()
    const script = await source.script(first)
    const migration = await files.load(script)
    const expected = await source.snapshot(first)
    const proof = await options.withScratch((scratch) => proveScript(scratch, migration, expected))
    const report = { id: migration.id, script, proof, recorded: [migration.id], dryRun: options.dryRun }
    if (options.dryRun) return report
    return withRunLock(context, first, options.lockWaitMs, async (lock, session) => {
      refuseHistory(await context.store.read(session))
      await refuseChange(context, source, session, proof)
      await files.write(script)
      try {
        const run = await createRun(context, options, lock, session, [])
        const entry = entryOf(run, { id: migration.id, direction: 'up', by: 'file', migration }, undefined)
        const operator = { ...entry.operator, baselineOf: context.database.location.database }
        await prepareHistory(context, session)
        await session.record(recordOf(run, [{ kind: 'applied', entry: { ...entry, operator } }]))
      } catch (error) {
        // Where nobody knows whether it is recorded, the history must not be left without its file.
        if (!isConnectionLost(error)) await files.remove()
        throw error
      }
      const message = 'Recorded as applied without running (baseline from the database)'
      emit(context, {
        kind: 'history-changed',
        level: 'info',
        message,
        versions: report.recorded,
        reason: options.reason,
      })
      return report
    })
  })
}

function refuseHistory(history: readonly HistoryEntry[]): void {
  if (history.length === 0) return
  const message = `The history of this database has ${plural(history.length, 'migration', 'migrations')} already, ${history.at(-1)?.id} last.`
  throw new MigratorError('BASELINE_REFUSED', message, {
    hint: 'A first migration is for a database without a history. db:migrate:status shows what is applied, db:drift what differs from it. Nothing was written.',
  })
}

/** While the proof was made nobody held the run lock. */
async function refuseChange(
  { database }: Context,
  source: SchemaSource,
  on: StepSession,
  { fingerprint }: ScriptProof,
): Promise<void> {
  if ((await database.catalog.fingerprintOf(await source.snapshot(on))) === fingerprint) return
  throw new MigratorError('SCHEMA_NOT_PROVEN', 'The schema of the database changed while the proof was made.', {
    hint: 'Run the command again. Nothing was written.',
  })
}
