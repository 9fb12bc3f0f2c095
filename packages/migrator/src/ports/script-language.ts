/**
 * A dialect's reading of scripts: what a text says, without running it. No parser's tree leaves the dialect. A dialect whose
 * migrations are modules only has none. What only a rehearsal asks is part of its tools.
 */
import type { DataLossEffect } from '../core/data-loss-effect.ts'
import type { Action } from '../core/migration.ts'
import type { NamedObject } from './catalog.ts'

export interface ScriptLanguage extends ScriptText {
  /** Whether `problems` may find any in a transaction. False for most texts, and costs next to nothing. */
  mayBeForbidden(text: string): boolean
  /**
   * Why a script cannot run there: in a transaction what would end it; outside of one what does not parse, because it is cut
   * into statements; in both what needs a stream. Empty when it can.
   */
  problems(text: string, within: 'transaction' | 'no-transaction'): Promise<readonly ScriptProblem[]>
  /**
   * The same and whatever else the server would refuse, as far as a parser tells: what does not parse, and what cannot run in a
   * transaction. Takes its time over long texts.
   */
  faults(text: string, within: 'transaction' | 'no-transaction'): Promise<readonly ScriptProblem[]>
  /** Whether a script, or code with scripts in it, adds what can be used only once it is committed. */
  standsAlone(text: string): boolean
  /** A statement with its parameters written out, for people: what it means, not what is sent. */
  inline(statement: string, parameters: readonly unknown[]): string
  /** A statement without what a row could hold: what is kept and told of it. */
  withoutValues(statement: string): string
  /** The statements of a text, in order; undefined when it does not parse. */
  statements(text: string): Promise<readonly ScriptStatement[] | undefined>
  /** Whether an action drops, empties or deletes. Of a module only its code can be read. When in doubt it does. */
  isDestructive(action: Action): Promise<boolean>
  /** Reads what actions do to data that is there before the first of them runs. */
  effectReader(): EffectReader
}

/** What the loader asks of every file, at every start: all of it is cheap. */
export interface ScriptText {
  /** The line comments in front of the first statement, one a line and without their markers. */
  header(text: string): string
  /** Whether there is nothing to run. */
  isBlank(text: string): boolean
  /** What of a file is sent: in a transaction without one that the text itself begins and commits. Positions stay. */
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
  /** Whether it can be left out where nothing of what it drops is there. */
  readonly isRemoval: boolean
  /** A table that it deletes every row of. */
  readonly wipes: NamedObject | undefined
  /** The names of the indexes that it creates. */
  readonly createsIndexes: readonly string[]
  /** Whether it runs code, and so only shows what it does when it runs. */
  readonly isOpaque: boolean
  /** Whether a transaction is open afterwards. `as-before`: it begins and ends none. */
  readonly transaction: 'open' | 'closed' | 'as-before'
}

/**
 * Asked in the order in which the actions will run: an object that one of them renames has its current name, and what one creates
 * is none of what is there.
 */
export interface EffectReader {
  read(action: Action): Promise<ReadEffects>
}

export interface ReadEffects {
  /** None for a script that does not parse: it will not run. */
  readonly effects: readonly DataLossEffect[]
  /** Whether a module may do more than the scripts in its code say. */
  readonly isOpaque: boolean
}
