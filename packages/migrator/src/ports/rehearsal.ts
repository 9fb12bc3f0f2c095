/** What a rehearsal needs from a disposable database, beyond running steps in it. */
import type { DataSnapshot } from '../core/data/data-snapshot.ts'
import type { Cast, ReadAs } from '../core/data/read-as.ts'
import type { RowHints } from '../core/data/row-hints.ts'
import type { Sequences } from '../core/data/sequence-data.ts'
import type { TableShape } from '../core/data/table-shape.ts'
import type { Direction } from '../core/migration.ts'
import type { StatementFacts } from '../core/statement-facts.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'
import type { StatementWatch } from './step.ts'

export interface RehearsalTools {
  /**
   * Tables that a step with these texts does not concern, as far as the texts show: they are not named, and no row of a named
   * table refers to them. `also` are tables (`schema.table`) that count as named.
   */
  uninvolvedTables(on: Session, texts: readonly string[], also: ReadonlySet<string>): Promise<LeftOut>
  /**
   * Remembers the rows of all tables except those left out, so that they can be restored once the schema is the same again.
   * Undefined if the server or the role does not allow that, or if there are too many rows. Outside a transaction.
   */
  rememberRows(on: Session, leftOut: LeftOut): Promise<PutBack | undefined>
  /**
   * Fills every table with rows that satisfy its constraints and, without `since`, takes numbers from sequences that feed no
   * column. Outside a transaction.
   */
  makeRows(on: Session, wish: RowWish): Promise<MadeRows>
  /**
   * Removes rows that a step refused: those without a value in the column, or all rows of the table. Returns a condition that
   * the remaining rows meet, for people; undefined if there is nothing to remove.
   */
  removeRows(on: Session, refused: RefusedRows): Promise<string | undefined>
  /** The tables that exist now; the `since` of `makeRows`. */
  readShapes(on: Session, leftOut?: LeftOut): Promise<readonly TableShape[]>
  /** Hashes all rows; outside a transaction, or `within` one that is about to be rolled back. */
  takeSnapshot(on: Session, leftOut?: LeftOut, place?: 'within'): Promise<DataSnapshot>
  /** The positions of the sequences that feed these tables, or no column at all; outside a transaction. */
  readSequences(on: Session, leftOut?: LeftOut): Promise<Sequences>
  /**
   * Observes the statements that a step sends on a session: in a transaction from inside, otherwise from other connections. A
   * statement that can also run in a transaction gets a separate one, and is observed from inside too.
   */
  observe(on: Session, way: ObservedWay): Promise<Observer>
  /** What a script needs from the server outside its database, and the server lacks. Nothing if the script does not parse. */
  missingFrom(on: Session, script: string): Promise<readonly NeededObject[]>
  /** The casts of columns in a script. None if it does not parse. */
  castsIn(script: string): Promise<readonly Cast[]>
  /** What the conditions of a script compare columns with, one list a statement. None where it does not parse. */
  hintsIn(script: string, direction: Direction, parameters?: readonly unknown[]): Promise<RowHints>
}

export interface NeededObject {
  readonly kind: 'extension' | 'role'
  readonly name: string
}

/** Tables that get no rows and are not inspected, including partitions: their names (`schema.table`) by oid. */
export type LeftOut = ReadonlyMap<string, string>

/** False if rows of other tables were written meanwhile, or the server refuses: then nothing was restored. */
export type PutBack = (on: Session) => Promise<boolean>

export interface ObservedWay {
  readonly direction: Direction
  readonly within: 'transaction' | 'no-transaction'
  /** Where a second connection can be opened. */
  readonly database: Database
}

export interface Observer {
  readonly watch: Required<Pick<StatementWatch, 'beforeStatement' | 'afterStatement'>>
  /** Inspects the transaction once more, after its last statement. */
  beforeCommit?(): Promise<void>
  /** Oids of all relations that the transaction locked, in whatever mode; none without a transaction. */
  readonly touched: ReadonlySet<string>
  /** The observations, in the order of the statements; the last may be of the one that failed. Call it once, at the end. */
  end(): Promise<readonly StatementFacts[]>
}

export interface RowWish {
  /** `edge`: including the longest texts and the largest numbers. */
  readonly style: 'edge' | 'plain'
  readonly leftOut?: LeftOut | undefined
  /** Only in tables that changed since then. */
  readonly since?: readonly TableShape[]
  /** With `since`: only rows that the tables would have accepted then, too. Default false: some that they would not. */
  readonly asBefore?: boolean | undefined
  /** No value is duplicated deliberately; default false: where a table allows it, a row has a twin. */
  readonly distinct?: boolean | undefined
  /** Columns whose values a step will read as another type. */
  readonly readAs?: readonly ReadAs[]
  /** Tables (`schema.table`) that get none. */
  readonly without?: ReadonlySet<string> | undefined
  /** What the statements of the migration look for; some rows meet their conditions, if the tables allow it. */
  readonly hints?: RowHints | undefined
  /** Hand-written rows: tables that it fills get no others. */
  readonly seed?: () => Promise<void>
}

/** As the server names them: without a schema. */
export interface RefusedRows {
  readonly table: string
  readonly column?: string | undefined
}

export interface MadeRows {
  readonly shapes: readonly TableShape[]
  /** Tables for which no row could be made. */
  readonly unproven: readonly { readonly table: string; readonly why: string }[]
  readonly notes: readonly { readonly table: string; readonly note: string }[]
}
