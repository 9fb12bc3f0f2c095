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

/** What a step does. `run` receives the database handle of the step's own session (a Drizzle database on PostgreSQL). */
export type Action =
  | { readonly kind: 'sql'; readonly sql: string; readonly file: string }
  | { readonly kind: 'module'; readonly run: (db: never) => unknown; readonly file: string }

/** A migration as the directory names it: enough to reconcile and to plan; nothing of it has been executed. */
export interface MigrationFile {
  readonly id: string
  readonly format: 'sql' | 'module'
  /** SHA-256 of the file's bytes as `sha256sum` prints it; of an SQL pair, the up file's. */
  readonly checksum: string
  /** SHA-256 of an SQL pair's down file. */
  readonly downChecksum?: string | undefined
  /** SHA-256 over what a module imports from its own folder, directly and further on. */
  readonly importsChecksum?: string | undefined
  /** The main file, relative to the migrations directory. */
  readonly path: string
  /** Reads and, for a module, imports it. Rejects with MIGRATION_FILES_INVALID when it does not load. */
  load(): Promise<Migration>
}

/** A loaded migration, ready to run in both directions. */
export interface Migration extends Omit<MigrationFile, 'load'> {
  readonly description?: string | undefined
  /** False for steps that must not run in a transaction (`CREATE INDEX CONCURRENTLY` and its like). */
  readonly transactional: boolean
  /** Why there is no `down`. */
  readonly irreversible?: string | undefined
  readonly up: Action
  readonly down?: Action | undefined
  /** A guard that runs before `up`; it throws to stop the step. */
  readonly validate?: Action | undefined
  /** A check that runs after `up`; throwing undoes the step. */
  readonly verify?: Action | undefined
  /** Hand-written rows for its rehearsal, put in before `up`; no other run knows it. */
  readonly seed?: Action | undefined
  /** What is needed to run `down` again when the files are gone. */
  readonly sources: readonly SourceFile[]
}

const ID_PATTERN = /^(\d+)[_-](.+)$/u

/** The number in front of an id, without leading zeros, or undefined when the id is not of the form `NNNN_name`. */
export function numberOf(id: string): string | undefined {
  return ID_PATTERN.exec(id)?.[1]?.replace(/^0+(?=\d)/, '')
}

/** Orders ids by their number (of any length), then by name. */
export function compareIds(left: string, right: string): number {
  const a = numberOf(left) ?? ''
  const b = numberOf(right) ?? ''
  return a.length - b.length || compareText(a, b) || compareText(left, right)
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
