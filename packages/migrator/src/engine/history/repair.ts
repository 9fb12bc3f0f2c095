import type { HistoryChange } from '../../core/history.ts'
import type { SourceFile } from '../../core/migration.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { nearestIds } from '../../core/target.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { entryOf } from '../run/atomic-step.ts'
import { createRun, readStatuses, withSession } from '../run/begin.ts'
import { type Context, emit, type MigrationSet, type RunOptions } from '../run/context.ts'
import { withRunLock } from '../run/lock.ts'
import { prepareHistory } from '../run/objection.ts'
import { recordReplacements } from '../run/replaced.ts'

/** What to repair, one thing at a time. */
export type Repair =
  /** The edit of an applied file was reviewed: its checksum, and its source, become the recorded ones. */
  | { readonly kind: 'accept-checksum'; readonly id: string }
  /** Someone checked: the migration is fully applied (`applied`), or no part of it is (`pending`). */
  | { readonly kind: 'clear-dirty'; readonly id: string; readonly as: 'applied' | 'pending' }
  /** The migration was undone by hand, or can never be undone: its record is removed, and nothing is run. */
  | { readonly kind: 'drop-record'; readonly id: string }
  /** Restores a lost file from the source in the history. */
  | { readonly kind: 'restore-file'; readonly id: string; readonly write: (source: SourceFile) => Promise<void> }

export interface RepairReport {
  readonly repair: Repair['kind']
  readonly id: string
  readonly message: string
  readonly dryRun: boolean
}

/** Carries one repair out, under the run lock. Runs nothing of any migration; the schema stays as it is. */
export async function repair(
  context: Context,
  set: MigrationSet,
  what: Repair,
  options: RunOptions & { readonly dryRun: boolean },
): Promise<RepairReport> {
  return withSession(context, (on) =>
    withRunLock(context, on, options.lockWaitMs, async (lock, session) => {
      const statuses = await readStatuses(context, session, set)
      const status = statuses.find(({ id }) => id === what.id)
      if (!status?.entry) throw notApplied(what.id, statuses)
      const run = await createRun(context, options, lock, session, statuses)
      if (!options.dryRun) await recordReplacements(run, statuses)
      const message = await carryOut(what, status)
      if (options.dryRun)
        return {
          repair: what.kind,
          id: what.id,
          message: `Dry run, nothing was changed. It would report: ${message}`,
          dryRun: true,
        }
      emit(context, { kind: 'history-changed', level: 'info', version: what.id, message, reason: options.reason })
      return { repair: what.kind, id: what.id, message, dryRun: false }

      async function carryOut(
        repair: Repair,
        { id, state, file, downChanged, entry }: MigrationStatus,
      ): Promise<string> {
        switch (repair.kind) {
          case 'accept-checksum': {
            if ((state !== 'changed' && !downChanged) || !file) throw nothingTo(repair, `is ${state}`)
            const migration = await file.load()
            await change(session, {
              kind: 'accepted',
              entry: entryOf(run, { id, direction: 'up', by: 'file', migration }, undefined),
            })
            return `The edited file of ${id} was accepted: checksum ${file.checksum}`
          }
          case 'clear-dirty':
            if (state !== 'dirty') throw nothingTo(repair, `is ${state}`)
            await change(
              session,
              repair.as === 'applied' ? { kind: 'settled', id, durationMs: undefined } : { kind: 'reverted', id },
            )
            return repair.as === 'applied'
              ? `${id} is no longer dirty: it counts as applied`
              : `The record of dirty ${id} was removed: it is pending again`
          case 'drop-record':
            await change(session, { kind: 'reverted', id })
            return `The record of ${id} was dropped; NOTHING WAS RUN, its schema changes stay`
          case 'restore-file': {
            if (file) throw nothingTo(repair, 'has its file')
            const sources = await context.store.sources(session, id)
            if (sources.length === 0)
              throw new MigratorError('ARCHIVE_DAMAGED', `The history has no source of ${id}.`, {
                hint: 'Restore the file from git.',
              })
            if (entry) context.archive.verify(entry, sources)
            if (!options.dryRun) for (const source of sources) await repair.write(source)
            return `Restored ${sources.map(({ path }) => path).join(', ')}`
          }
        }
      }
    }),
  )

  async function change(session: Session, historyChange: HistoryChange): Promise<void> {
    if (options.dryRun) return
    await prepareHistory(context, session)
    await context.store.record(session, historyChange)
  }
}

function notApplied(id: string, statuses: readonly MigrationStatus[]): MigratorError {
  const applied = statuses.filter(({ entry }) => entry).map((status) => status.id)
  const nearest = nearestIds(id, applied)
  const hint = nearest.length > 0 ? { hint: `Did you mean ${nearest.join(', ')}?` } : {}
  return new MigratorError('TARGET_NOT_APPLIED', `The history has no migration "${id}".`, hint)
}

function nothingTo({ kind, id }: Repair, why: string): MigratorError {
  return new MigratorError('USAGE_INVALID', `Nothing to repair with ${kind}: ${id} ${why}.`, {
    hint: 'db:migrate:status shows the state of every migration.',
  })
}
