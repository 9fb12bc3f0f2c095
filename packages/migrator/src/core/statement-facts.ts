import { compareLockModes, type LockMode } from './lock-mode.ts'
import type { Direction } from './migration.ts'

/** What one statement of a migration did on a scratch database. */
export interface StatementFacts {
  readonly direction: Direction
  readonly sql: string
  /** What the module bound to `$1` …, if anything. */
  readonly parameters: readonly unknown[]
  /** Locks that it took on existing tables (and indexes), beyond those already held. */
  readonly locks: readonly LockTaken[]
  /** Tables and indexes that were rewritten, file by file. */
  readonly rewrites: readonly string[]
  /** Tables that were read in full, and their numbers of rows. Not reported outside a transaction. */
  readonly scans: readonly TableScan[]
  /** Of an UPDATE or DELETE of existing tables: whether it found a row. Absent for others. */
  readonly foundRows?: boolean | undefined
  readonly durationMs: number
}

export interface LockTaken {
  /** `schema.name`, without the schema where that is `public`. */
  readonly relation: string
  readonly mode: LockMode
}

export interface TableScan {
  readonly relation: string
  readonly rows: number
}

/** The strongest lock of them all; the first one of several. */
export function worstLock(statements: readonly StatementFacts[]): LockTaken | undefined {
  const all = statements.flatMap(({ locks }) => locks)
  return all.reduce<LockTaken | undefined>(
    (worst, lock) => (worst && compareLockModes(worst.mode, lock.mode) >= 0 ? worst : lock),
    undefined,
  )
}
