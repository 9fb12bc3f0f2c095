/**
 * Core: everything that decides, as pure functions over plain data. Knows no file system, no driver, no clock.
 * This file: what a migration is, and how ids are read and ordered.
 */
export type Direction = 'up' | 'down'

/** One file of a migration as it was read; `path` is relative to the migrations directory. */
export interface SourceFile {
  readonly path: string
  readonly content: string
}

/** What a module's functions receive in addition to the database handle. */
export interface MigrationContext {
  /** Reports how far the step has got: `progress(1_200, 50_000)`, or a count alone. Costs nothing, and never throws. */
  progress(done: number, total?: number): void
}

/** What a step does. `run` receives the database handle of the step's own session (a Drizzle database on PostgreSQL). */
export type Action =
  | { readonly kind: 'sql'; readonly sql: string; readonly file: string }
  | { readonly kind: 'module'; readonly run: (db: never, context?: MigrationContext) => unknown; readonly file: string }

/** What a checkout or an editor may change in a file without changing its meaning. */
export type Rewriting = 'LF became CRLF' | 'CRLF became LF' | 'byte order mark added' | 'byte order mark removed'

/** A migration as found in the directory: enough to reconcile and to plan; none of its code has been executed. */
export interface MigrationFile {
  readonly id: string
  readonly format: 'sql' | 'module'
  /** SHA-256 of the file's bytes as `sha256sum` prints it; of an SQL pair, the up file's. */
  readonly checksum: string
  /** SHA-256 of an SQL pair's down file. */
  readonly downChecksum?: string | undefined
  /** SHA-256 of what a module imports from its own folder, directly or indirectly. */
  readonly importsChecksum?: string | undefined
  /** The main file, relative to the migrations directory. */
  readonly path: string
  /** Ids of the migrations that it replaces. It counts as applied in a database that has all of them. */
  readonly replaces?: readonly string[] | undefined
  /** The rewriting that alone explains a different checksum; undefined for an edit. */
  rewritten?(checksum: string): Rewriting | undefined
  /** Reads the migration and, for a module, imports it. Rejects with MIGRATION_FILES_INVALID if it does not load. */
  load(): Promise<Migration>
}

/** A loaded migration, ready to run in both directions. */
export interface Migration extends Omit<MigrationFile, 'load' | 'rewritten'> {
  readonly description?: string | undefined
  /** False for steps that must not run in a transaction (such as `CREATE INDEX CONCURRENTLY`). */
  readonly transactional: boolean
  /** Why there is no `down`. */
  readonly irreversible?: string | undefined
  readonly up: Action
  readonly down?: Action | undefined
  /** A guard that runs before `up`; it throws to stop the step. */
  readonly validate?: Action | undefined
  /** A check that runs after `up`; throwing undoes the step. */
  readonly verify?: Action | undefined
  /** Hand-written rows for its rehearsal, inserted before `up`; other runs ignore it. */
  readonly seed?: Action | undefined
  /** The sources needed to run `down` if the files are missing. */
  readonly sources: readonly SourceFile[]
}

/** True for an id as this tool writes it: `NNNN_name`. Other tools' folders have other ids. */
export function isNumberedId(id: string): boolean {
  return /^\d+[_-].+$/u.test(id)
}

/** `2024-01-31-120000_name`, `2024_01_31_120000_name`: the separators of a date are no separators of an id. */
const DATED =
  /^((?:19|20)\d\d)[-_](0[1-9]|1[0-2])[-_]([0-2]\d|3[01])(?:[-_T](\d\d)[-_:]?(\d\d)[-_:]?(\d\d))?(?=[^\d]|$)/
const DOTTED = /^(?:V(\d+(?:[._]\d+)*)__|(\d+(?:\.\d+)+)[_-])/
const NUMBERED = /^(\d+)(?:[_-]|$)/

/** The number in front of an id, without leading zeros (`2.1` for `V2.1__name`); undefined when it has none. */
export function numberOf(id: string): string | undefined {
  const parts = versionOf(id)
  return parts.length === 0 ? undefined : parts.join('.')
}

/**
 * Orders ids as the tools that write them do: by their number (of any length), by date, or by the parts of a version;
 * those without a number come first. Then by name.
 */
export function compareIds(left: string, right: string): number {
  const a = versionOf(left)
  const b = versionOf(right)
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareNumbers(a[at] ?? '', b[at] ?? '')
    if (order !== 0) return order
  }
  return compareText(left, right)
}

/**
 * Compares ids by their places in a folder, which may have an order of its own. An id that is not in the folder comes
 * right after the last one there that `compareIds` puts before it.
 */
export function orderOf(folder: readonly { readonly id: string }[]): (left: string, right: string) => number {
  const places = new Map(folder.map(({ id }, place) => [id, place]))
  const sorted = [...places].sort(([left], [right]) => compareIds(left, right))
  let last = -1
  const lastUpTo = sorted.map(([, place]) => (last = Math.max(last, place)))
  const placeOf = (id: string) => places.get(id) ?? (lastUpTo[countBelow(sorted, id) - 1] ?? -1) + 0.5
  return (left, right) => placeOf(left) - placeOf(right) || compareIds(left, right)
}

function countBelow(sorted: readonly (readonly [id: string, place: number])[], id: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareIds(sorted[middle]?.[0] ?? '', id) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function versionOf(id: string): readonly string[] {
  const [, ...date] = DATED.exec(id) ?? []
  if (date.length > 0) return [date.join('')]
  const dotted = DOTTED.exec(id)
  const version = NUMBERED.exec(id)?.[1] ?? dotted?.[1] ?? dotted?.[2]
  const parts = version?.split(/[._]/).map((part) => part.replace(/^0+(?=\d)/, '')) ?? []
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop()
  return parts
}

/** Numbers as digits: of any length, and nothing is less than zero. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b)
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
