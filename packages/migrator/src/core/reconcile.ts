import type { HistoryEntry } from './history.ts'
import { type MigrationFile, orderOf } from './migration.ts'
import { withReplacements } from './replacements.ts'

/**
 * `running`: a live run is applying it outside a transaction. `ahead`: applied by a later release than these files.
 * The others: docs/reference/cli.md, db:migrate:status.
 */
export const STATES = [
  ...(['applied', 'pending', 'running', 'dirty', 'changed'] as const),
  ...(['missing', 'ahead', 'out-of-order', 'irreversible'] as const),
]
export type State = (typeof STATES)[number]

/** One migration seen from both sides. At least one of `file` and `entry` is there. */
export interface MigrationStatus {
  readonly id: string
  readonly state: State
  readonly file?: MigrationFile | undefined
  readonly entry?: HistoryEntry | undefined
  /** The down file of an SQL pair differs from the recorded one; this alone does not change what was applied. */
  readonly downChanged: boolean
  /** Of an entry without a file: the file that has its checksum under another name. */
  readonly renamedTo?: string | undefined
  /** Of that file: the entry. Its state is `pending`, wherever the new name sorts. */
  readonly renamedFrom?: string | undefined
  /** Of a migration that replaces others: those that are applied, where some are missing. */
  readonly replacesPartly?: readonly string[] | undefined
  /** Of one of those. */
  readonly partOf?: string | undefined
}

/**
 * Turns files and history into one state for each migration, in the order of the files. `runner` is the name of the run lock's
 * holder; without it nothing is running.
 */
export function reconcile(
  files: readonly MigrationFile[],
  recorded: readonly HistoryEntry[],
  runner?: string,
): readonly MigrationStatus[] {
  const { history, partly } = withReplacements(files, recorded)
  const entries = new Map(history.map((entry) => [entry.id, entry]))
  const order = orderOf(files)
  const newestApplied = history.reduce<string | undefined>(
    (max, { id }) => (max && order(max, id) > 0 ? max : id),
    undefined,
  )
  const newestFile = files.at(-1)?.id
  const isOvertaken = ({ id }: MigrationFile) => newestApplied !== undefined && order(id, newestApplied) < 0
  const isAhead = ({ id }: HistoryEntry) => newestFile !== undefined && order(id, newestFile) > 0
  const known = files.map((file) => statusOf(file, entries.get(file.id), isOvertaken(file), runner))
  const present = new Set(files.map((file) => file.id))
  const gone = history
    .filter((entry) => !present.has(entry.id))
    .map((entry) => statusWithoutFile(entry, isAhead(entry), runner))
  const statuses = withRenames([...known, ...gone].sort((a, b) => order(a.id, b.id)))
  return partly.size === 0 ? statuses : statuses.map((status) => withPart(status, partly))
}

function withPart(status: MigrationStatus, partly: ReadonlyMap<string, readonly string[]>): MigrationStatus {
  const replacesPartly = partly.get(status.id)
  if (replacesPartly) return { ...status, replacesPartly }
  const partOf = status.file ? undefined : [...partly].find(([, ids]) => ids.includes(status.id))?.[0]
  return partOf === undefined ? status : { ...status, partOf }
}

/** If an entry without a file and a file without an entry share a checksum that nothing else has, the file was renamed. */
function withRenames(statuses: readonly MigrationStatus[]): readonly MigrationStatus[] {
  const gone = statuses.filter(({ file, entry }) => !file && entry && !entry.dirty)
  if (gone.length === 0) return statuses
  const pairs = new Map<string, Partial<MigrationStatus>>()
  for (const { id, entry } of gone) {
    const same = statuses.filter((other) => (other.file ?? other.entry)?.checksum === entry?.checksum)
    const renamed = same.find(({ file, entry: recorded }) => file && !recorded)
    if (same.length !== 2 || !renamed) continue
    pairs.set(id, { renamedTo: renamed.id })
    pairs.set(renamed.id, { state: 'pending', renamedFrom: id })
  }
  return pairs.size === 0 ? statuses : statuses.map((status) => ({ ...status, ...pairs.get(status.id) }))
}

/**
 * Whether the database lacks the schema of these files, so that their release must not run on it. What a later release applied,
 * or is about to apply, does not count.
 */
export function isUnfinished({ state, file }: MigrationStatus): boolean {
  return UNFINISHED.has(state) || (state === 'running' && file !== undefined)
}

const UNFINISHED: ReadonlySet<State> = new Set<State>(['pending', 'out-of-order', 'dirty', 'changed', 'missing'])

/** Migrations with an entry, in the order of application. */
export function inOrderOfApplication(
  statuses: readonly MigrationStatus[],
): readonly (MigrationStatus & { entry: HistoryEntry })[] {
  return statuses.filter(hasEntry).sort((a, b) => a.entry.sequence - b.entry.sequence)
}

function hasEntry(status: MigrationStatus): status is MigrationStatus & { entry: HistoryEntry } {
  return status.entry !== undefined
}

function statusOf(
  file: MigrationFile,
  entry: HistoryEntry | undefined,
  isOvertaken: boolean,
  runner: string | undefined,
): MigrationStatus {
  if (!entry) {
    return { id: file.id, state: isOvertaken ? 'out-of-order' : 'pending', file, downChanged: false }
  }
  const downChanged = (file.downChecksum ?? entry.downChecksum) !== (entry.downChecksum ?? file.downChecksum)
  return { id: file.id, state: stateOfApplied(file, entry, runner), file, entry, downChanged }
}

function stateOfApplied(file: MigrationFile, entry: HistoryEntry, runner: string | undefined): State {
  if (entry.dirty) return stateOfDirty(entry, runner)
  if (file.checksum !== entry.checksum) return 'changed'
  if (entry.importsChecksum !== undefined && (file.importsChecksum ?? '') !== entry.importsChecksum) return 'changed'
  return entry.irreversible === undefined ? 'applied' : 'irreversible'
}

function stateOfDirty({ progress }: HistoryEntry, runner: string | undefined): State {
  return progress && runner !== undefined && labelOf(progress.applicationName) === labelOf(runner) ? 'running' : 'dirty'
}

/** The server shortens names and replaces letters that are not ASCII; the label at the beginning stays as it is. */
function labelOf(applicationName: string): string {
  return applicationName.split(' ', 1)[0] ?? ''
}

function statusWithoutFile(entry: HistoryEntry, isAhead: boolean, runner: string | undefined): MigrationStatus {
  const state = entry.dirty ? stateOfDirty(entry, runner) : isAhead ? 'ahead' : 'missing'
  return { id: entry.id, state, entry, downChanged: false }
}
