/** What a rehearsal needs of a throw-away database, beyond running steps in it. */
import type { DataSnapshot } from '../core/data/data-snapshot.ts'
import type { Cast, ReadAs } from '../core/data/read-as.ts'
import type { Sequences } from '../core/data/sequence-data.ts'
import type { TableShape } from '../core/data/table-shape.ts'
import type { Direction } from '../core/migration.ts'
import type { StatementFacts } from '../core/statement-facts.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'
import type { StatementWatch } from './step.ts'

export interface RehearsalTools {
  /**
   * Tables that a step with these texts has nothing to do with, as far as they tell: not named, and no row of a named one
   * refers to them. `also` are tables (`schema.table`) that count as named.
   */
  uninvolvedTables(on: Session, texts: readonly string[], also: ReadonlySet<string>): Promise<LeftOut>
  /**
   * Remembers the rows of all tables but those that are left out, so that they can be put back when the schema is the same
   * again. Undefined where the server or the role does not allow that, or there are too many. Outside a transaction.
   */
  rememberRows(on: Session, leftOut: LeftOut): Promise<PutBack | undefined>
  /**
   * Fills every table with rows that fulfil its constraints, and, without `since`, takes numbers from sequences that feed
   * no column; outside a transaction.
   */
  makeRows(on: Session, wish: RowWish): Promise<MadeRows>
  /**
   * Removes rows that a step refused: those without a value in the column, or all of the table. Answers with what is then
   * true of the rest, for people; undefined where there is nothing to remove.
   */
  removeRows(on: Session, refused: RefusedRows): Promise<string | undefined>
  /** What tables there are; `since` for `makeRows`. */
  readShapes(on: Session, leftOut?: LeftOut): Promise<readonly TableShape[]>
  /** Hashes all rows; outside a transaction. */
  takeSnapshot(on: Session, leftOut?: LeftOut): Promise<DataSnapshot>
  /** Where the sequences stand that feed these tables, or no column at all; outside a transaction. */
  readSequences(on: Session, leftOut?: LeftOut): Promise<Sequences>
  /**
   * Watches the statements that a step sends on a session: in a transaction from inside, otherwise from other
   * connections; a statement that it makes no difference to gets a transaction of its own and is looked at from inside too.
   */
  observe(on: Session, way: ObservedWay): Promise<Observer>
  /** What a script needs of the server, beyond its own database, and the server does not have. None where it does not parse. */
  missingFrom(on: Session, script: string): Promise<readonly NeededObject[]>
  /** The casts of columns that a script makes. None where it does not parse. */
  castsIn(script: string): Promise<readonly Cast[]>
}

export interface NeededObject {
  readonly kind: 'extension' | 'role'
  readonly name: string
}

/** Tables that get no rows and are not looked at, partitions among them: their names (`schema.table`) by oid. */
export type LeftOut = ReadonlyMap<string, string>

/** False where rows of other tables were written meanwhile, or the server refuses: then nothing was put back. */
export type PutBack = (on: Session) => Promise<boolean>

export interface ObservedWay {
  readonly direction: Direction
  readonly within: 'transaction' | 'no-transaction'
  /** Where the second connection goes. */
  readonly database: Database
}

export interface Observer {
  readonly watch: Required<Pick<StatementWatch, 'beforeStatement' | 'afterStatement'>>
  /** Looks at the transaction once more, after its last statement. */
  beforeCommit?(): Promise<void>
  /** Oids of all relations that the transaction locked, however weakly; none where there is no transaction. */
  readonly touched: ReadonlySet<string>
  /** What was seen, in the order of the statements; the last one may be the one that failed. Call it once, at the end. */
  end(): Promise<readonly StatementFacts[]>
}

export interface RowWish {
  /** `edge`: longest texts, largest numbers among them. */
  readonly style: 'edge' | 'plain'
  readonly leftOut?: LeftOut | undefined
  /** Only in tables that changed since then. */
  readonly since?: readonly TableShape[]
  /** With `since`: only rows that the tables would have taken then, too; default false, and some that they would not. */
  readonly asBefore?: boolean | undefined
  /** No value is there twice on purpose; default false: where a table allows it, a row has a twin. */
  readonly distinct?: boolean | undefined
  /** Columns whose values a step will read as another type. */
  readonly readAs?: readonly ReadAs[]
  /** Hand-written rows: the tables that it adds rows to get no others. */
  readonly seed?: () => Promise<void>
}

/** As the server names them: without a schema. */
export interface RefusedRows {
  readonly table: string
  readonly column?: string | undefined
}

export interface MadeRows {
  readonly shapes: readonly TableShape[]
  /** Tables that no row could be made for. */
  readonly unproven: readonly { readonly table: string; readonly why: string }[]
  readonly notes: readonly { readonly table: string; readonly note: string }[]
}
