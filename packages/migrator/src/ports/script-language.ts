/**
 * How a dialect reads scripts: what a text says, without running it. No parse tree leaves the dialect. A dialect whose
 * migrations are all modules has none. Questions that only a rehearsal asks belong to the rehearsal's tools.
 */
import type { DataLossEffect } from '../core/data-loss-effect.ts'
import type { Action } from '../core/migration.ts'
import type { NamedObject } from './catalog.ts'

export interface ScriptLanguage extends ScriptText {
  /** Whether `problems` may find any in a transaction. False for most texts, and costs next to nothing. */
  mayBeForbidden(text: string): boolean
  /**
   * Why a script cannot run there: in a transaction, what would end it; outside one, what does not parse, because the script
   * is cut into statements; in both, what needs a stream. Empty if it can run.
   */
  problems(text: string, within: 'transaction' | 'no-transaction'): Promise<readonly ScriptProblem[]>
  /**
   * The same, and whatever else the server would refuse as far as a parser can find out: what does not parse, and what cannot
   * run in a transaction. Slow for long texts.
   */
  faults(text: string, within: 'transaction' | 'no-transaction'): Promise<readonly ScriptProblem[]>
  /** Whether a script, or code with scripts in it, adds what can be used only once it is committed. */
  standsAlone(text: string): boolean
  /** A statement with its parameters written out, for people: what it means, not what is sent. */
  inline(statement: string, parameters: readonly unknown[]): string
  /** A statement without values that a row could hold: this is what is recorded and shown. */
  withoutValues(statement: string): string
  /** The statements of a text, in order; undefined when it does not parse. */
  statements(text: string): Promise<readonly ScriptStatement[] | undefined>
  /** Whether an action drops, empties or deletes. Of a module only the code can be read. In case of doubt, true. */
  isDestructive(action: Action): Promise<boolean>
  /** Reads what actions do to data that exists before the first of them runs. */
  effectReader(): EffectReader
}

/** What the loader asks about every file, at every start: all of it is cheap. */
export interface ScriptText {
  /** The line comments before the first statement, one per line and without their markers. */
  header(text: string): string
  /** Whether there is nothing to run. */
  isBlank(text: string): boolean
  /** The part of a file that is sent: in a transaction, without a BEGIN and COMMIT around the whole text. Positions stay. */
  body(text: string, transactional: boolean): string
}

export interface ScriptProblem {
  readonly message: string
  /** From 1, in characters. */
  readonly line: number
  readonly column: number
}

/** What one statement says. */
export interface ScriptStatement {
  readonly sql: string
  /** What it drops or empties. */
  readonly drops: readonly NamedObject[]
  /** Whether it can be left out if nothing that it drops exists. */
  readonly isRemoval: boolean
  /** A table whose rows it deletes completely. */
  readonly wipes: NamedObject | undefined
  /** The names of the indexes that it creates. */
  readonly createsIndexes: readonly string[]
  /** Whether it runs code, so that its effect is known only when it runs. */
  readonly isOpaque: boolean
  /** Whether a transaction is open afterwards. `as-before`: it begins and ends none. */
  readonly transaction: 'open' | 'closed' | 'as-before'
}

/**
 * Called in the order in which the actions will run: an object that one of them renames keeps its current name, and what one
 * creates does not count as existing.
 */
export interface EffectReader {
  read(action: Action): Promise<ReadEffects>
}

export interface ReadEffects {
  /** Nothing for a script that does not parse: it will not run. */
  readonly effects: readonly DataLossEffect[]
  /** Whether a module may do more than the scripts in its code show. */
  readonly isOpaque: boolean
}
