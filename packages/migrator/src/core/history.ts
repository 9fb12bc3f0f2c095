import type { Direction, SourceFile } from './migration.ts'

/** Who ran it, and from where. */
export interface Operator {
  readonly user?: string | undefined
  readonly host?: string | undefined
  readonly gitCommit?: string | undefined
  readonly ciRun?: string | undefined
  /** The history of another tool that an imported entry comes from. */
  readonly importedFrom?: string | undefined
  /** The database whose schema an entry was written from: its objects were there before it. */
  readonly baselineOf?: string | undefined
}

/** How far a step outside a transaction got; kept while the entry is dirty. */
export interface Progress {
  readonly direction: Direction
  /** The name of its sessions in pg_stat_activity, which shows whether the server is still executing the step. */
  readonly applicationName: string
  /** Statements known to have finished. */
  readonly finished: number
  /** The statement in flight, cut to a readable length. */
  readonly statement?: string | undefined
}

/** An object of the catalog, named and reduced to a digest of its definition. */
export interface CatalogDigest {
  readonly [identity: string]: string
}

/** The history's entry for one applied (or dirty) migration. */
export interface HistoryEntry {
  readonly id: string
  /** ISO 8601 with milliseconds, UTC. */
  readonly appliedAt: string
  readonly checksum: string
  readonly dirty: boolean
  /** Order of application, ascending. */
  readonly sequence: number
  /** Number of the run that applied it. */
  readonly batch: number
  readonly format: 'sql' | 'module'
  readonly description?: string | undefined
  readonly durationMs?: number | undefined
  readonly downChecksum?: string | undefined
  readonly importsChecksum?: string | undefined
  readonly transactional: boolean
  readonly irreversible?: string | undefined
  readonly operator?: Operator | undefined
  readonly toolVersion?: string | undefined
  readonly runId?: string | undefined
  readonly schemaFingerprint?: string | undefined
  readonly progress?: Progress | undefined
  /** Whether the sources are archived in the history. */
  readonly archived: boolean
  /**
   * Set for a migration that is not on record but replaces these, all of which are. The next run records it in their
   * place.
   */
  readonly inPlaceOf?: readonly string[] | undefined
}

/** An entry to be written; the store adds time and sequence. */
export interface NewEntry
  extends Omit<
    HistoryEntry,
    'appliedAt' | 'sequence' | 'dirty' | 'progress' | 'archived' | 'schemaFingerprint' | 'inPlaceOf'
  > {
  readonly sources: readonly SourceFile[]
}

/** The only ways in which the history changes. */
export type HistoryChange =
  /**
   * `timed`: without a duration of its own, it is the time since its transaction began. `agoMs`: it ended so long ago.
   * `at`: when it was applied (ISO 8601), for an entry that is imported or replaces others; `sequence`: the place of those.
   */
  | {
      readonly kind: 'applied'
      readonly entry: NewEntry
      readonly timed?: 'by-transaction'
      readonly agoMs?: number
      readonly at?: string
      readonly sequence?: number
    }
  | { readonly kind: 'reverted'; readonly id: string }
  /** A step outside a transaction is about to begin: the entry is dirty until `settled` or `reverted`. */
  | { readonly kind: 'began'; readonly entry: NewEntry; readonly progress: Progress; readonly before: CatalogDigest }
  | { readonly kind: 'progressed'; readonly id: string; readonly progress: Progress }
  /** With a duration it ended just now; without, only its mark is taken away. */
  | { readonly kind: 'settled'; readonly id: string; readonly durationMs: number | undefined }
  /** The file's part of the entry becomes that of the edited file. */
  | { readonly kind: 'accepted'; readonly entry: NewEntry }
  | { readonly kind: 'fingerprinted'; readonly id: string; readonly fingerprint: string }
