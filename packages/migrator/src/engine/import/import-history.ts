import { invalidFiles } from '../../core/file-problem.ts'
import {
  type ForeignHistory,
  type Mapped,
  type Mapping,
  mapHistory,
  type Unmatched,
} from '../../core/foreign-history.ts'
import type { HistoryChange, HistoryEntry } from '../../core/history.ts'
import { reconcile } from '../../core/reconcile.ts'
import { MigratorError } from '../../errors.ts'
import type { ForeignHistories } from '../../ports/foreign-history.ts'
import { entryOf, recordOf } from '../run/atomic-step.ts'
import { createRun, readStatuses, withSession } from '../run/begin.ts'
import { type Context, emit, type MigrationSet, type RunOptions } from '../run/context.ts'
import { withRunLock } from '../run/lock.ts'
import { prepareHistory } from '../run/objection.ts'
import { recordReplacements } from '../run/replaced.ts'
import type { Run } from '../run/types.ts'

export interface ImportReport {
  /** `schema.table`. */
  readonly history: string
  readonly tool: string
  readonly mapped: readonly Mapped[]
  readonly unmatched: readonly Unmatched[]
  /** Ids that this run recorded, or, of a dry run, would record; those that the history holds already are not among them. */
  readonly recorded: readonly string[]
  readonly dryRun: boolean
  /** Why nothing was recorded. */
  readonly error?: MigratorError | undefined
}

export interface ImportOptions extends RunOptions {
  readonly dryRun: boolean
  /** Import what matches although some rows match nothing. */
  readonly skipUnmatched: boolean
  readonly approve: () => Promise<void>
}

/**
 * Records what another tool's history says is applied, with its times, without running anything. The other table is only
 * read. All records are written in one transaction, under the run lock; nothing is written while a row matches no
 * migration, or one of them failed.
 */
export async function importHistory(
  context: Context,
  histories: ForeignHistories,
  set: MigrationSet,
  name: string,
  options: ImportOptions,
): Promise<ImportReport> {
  if (set.problems.length > 0) throw invalidFiles(set.problems)
  return withSession(context, async (session) => {
    const look = async () => {
      const history = await histories.read(session, name)
      const recorded = await context.store.read(session)
      const counted = reconcile(set.files, recorded).flatMap(({ id, entry }) => (entry ? [id] : []))
      const known = new Set([...counted, ...recorded.flatMap(({ id, dirty }) => (dirty ? [] : [id]))])
      const mapping = mapHistory(history, candidatesOf(set), known)
      return { history, mapping, due: mapping.mapped.filter(({ id }) => !known.has(id)) }
    }
    const first = await look()
    const error = refusal(first.history, first.mapping, options)
    if (error || options.dryRun) return report(first, options.dryRun, error)
    await options.approve()
    return withRunLock(context, session, options.lockWaitMs, async (lock) => {
      const statuses = await readStatuses(context, session, set)
      const run = await createRun(context, options, lock, session, statuses)
      const found = await look()
      const late = refusal(found.history, found.mapping, options)
      if (late) return report(found, false, late)
      await recordReplacements(run, statuses)
      const changes = await changesOf(run, set, found.history.table, found.due)
      await write(run, changes)
      tell(run, `Imported from ${found.history.table} (${found.history.tool})`, found.due)
      return report(found, false, undefined)
    })
  })
}

/** Removes the records of every import. Refused while something is applied that came after them. */
export async function undoImport(
  context: Context,
  options: RunOptions & { readonly dryRun: boolean; readonly approve: () => Promise<void> },
): Promise<{ readonly removed: readonly string[]; readonly dryRun: boolean }> {
  return withSession(context, async (session) => {
    const look = async () => importedIn(await context.store.read(session))
    const first = await look()
    if (options.dryRun) return { removed: first.map(({ id }) => id), dryRun: true }
    await options.approve()
    return withRunLock(context, session, options.lockWaitMs, async (lock) => {
      const run = await createRun(context, options, lock, session, [])
      const imported = await look()
      await write(
        run,
        imported.map(({ id }) => ({ kind: 'reverted', id })),
      )
      tell(run, 'Removed the records of an import', imported)
      return { removed: imported.map(({ id }) => id), dryRun: false }
    })
  })
}

/** The migrations of a folder, as far as rows of another tool's history may name them. */
export function candidatesOf({ files, journal }: MigrationSet) {
  return files.map(({ id, checksum, replaces }) => ({ id, checksum, when: journal?.get(id), replaces }))
}

interface Look {
  readonly history: ForeignHistory
  readonly mapping: Mapping
  readonly due: readonly Mapped[]
}

function report({ history, mapping, due }: Look, dryRun: boolean, error: MigratorError | undefined): ImportReport {
  const recorded = error ? [] : due.map(({ id }) => id)
  return { history: history.table, tool: history.tool, ...mapping, recorded, dryRun, error }
}

function refusal(
  { table, broken }: ForeignHistory,
  { mapped, unmatched }: Mapping,
  { skipUnmatched }: Pick<ImportOptions, 'skipUnmatched'>,
): MigratorError | undefined {
  if (broken.length > 0) {
    const hint = 'Resolve it with the tool that ran it, then import again.'
    return new MigratorError('IMPORT_REFUSED', `${table} has failed or unfinished migrations: ${broken.join(', ')}.`, {
      hint,
    })
  }
  if (unmatched.length > 0 && !skipUnmatched) {
    const told = unmatched.map(({ from, reason }) => `${from}: ${reason}`).join('\n')
    return new MigratorError('IMPORT_REFUSED', `Rows of ${table} match no migration:\n${told}`, {})
  }
  if (mapped.length > 0) return undefined
  return new MigratorError('IMPORT_REFUSED', `${table} matches no migration in this folder.`, {
    hint: 'Name the folder of its migrations with --migrations DIR.',
  })
}

async function changesOf(
  run: Run,
  { files }: MigrationSet,
  table: string,
  due: readonly Mapped[],
): Promise<readonly HistoryChange[]> {
  const changes: HistoryChange[] = []
  for (const { id, appliedAt } of due) {
    const file = files.find((each) => each.id === id)
    const migration = await file?.load()
    const entry = entryOf(run, { id, direction: 'up', by: 'file', migration }, undefined)
    const operator = { ...entry.operator, importedFrom: table }
    // Those of a squashed migration that were recorded here before the import count as part of it from now on.
    const parts = file?.replaces?.filter((each) => run.recorded.has(each)) ?? []
    changes.push(...parts.map((each) => ({ kind: 'reverted', id: each }) as const))
    changes.push({
      kind: 'applied',
      entry: { ...entry, operator },
      ...(appliedAt === undefined ? {} : { at: appliedAt }),
    })
  }
  return changes
}

async function write(run: Run, changes: readonly HistoryChange[]): Promise<void> {
  if (changes.length === 0) return
  await prepareHistory(run.context, run.session)
  await run.session.record(recordOf(run, changes))
}

function tell({ context, options }: Run, message: string, entries: readonly { id: string }[]): void {
  const versions = entries.map(({ id }) => id)
  emit(context, { kind: 'history-changed', level: 'info', message, versions, reason: options.reason })
}

function importedIn(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const imported = history.filter(({ operator }) => operator?.importedFrom !== undefined)
  const last = Math.max(0, ...imported.map(({ sequence }) => sequence))
  const later = history.filter((entry) => !imported.includes(entry) && entry.sequence > last)
  if (imported.length === 0)
    throw new MigratorError('IMPORT_REFUSED', 'The history has no imported records.', {
      hint: 'db:migrate:status shows what is applied.',
    })
  if (later.length === 0) return imported
  const message = `${later.map(({ id }) => id).join(', ')} was applied after the import.`
  throw new MigratorError('IMPORT_REFUSED', message, { hint: 'Roll it back first, then undo the import.' })
}
