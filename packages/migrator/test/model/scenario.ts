/** What a model run does, as plain data: made from a seed, printed when it fails, and played again from the print. */
import type { Cut } from '../support/wire/link.ts'

/**
 * `table`: DDL, whose second application fails. `rows`: data only, whose second application succeeds silently. `module`:
 * code. `outside`: SQL outside a transaction.
 */
export type Kind = 'table' | 'rows' | 'module' | 'outside'

export interface Scenario {
  readonly route: 'direct' | 'pooled'
  readonly kinds: readonly Kind[]
  readonly moves: readonly Move[]
}

/** Migrations are named by their place. */
export type Command =
  | { readonly kind: 'migrate'; readonly steps?: number; readonly target?: number; readonly how: How }
  | {
      readonly kind: 'rollback'
      readonly steps?: number
      readonly target?: number
      readonly all?: true
      readonly how: How
    }

export interface How {
  readonly transaction?: 'batch' | 'each'
  readonly onFailure?: 'rollback' | 'stop'
}

/** When something happens: at a turning point (see `isTurningPoint`), counted from 1; after a time; at the first message with a text. */
export type Moment =
  | { readonly point: number }
  | { readonly ms: number }
  | { readonly text: string; readonly moment: 'before' | 'after' }

export type Blow =
  | { readonly kind: 'cut'; readonly cut: Cut; readonly on: 'it' | 'all'; readonly at: Moment }
  | { readonly kind: 'kill'; readonly at: Moment }

export type Move =
  | { readonly kind: 'run'; readonly command: Command; readonly by: 'library' | 'program'; readonly blow?: Blow }
  | { readonly kind: 'both'; readonly commands: readonly [Command, Command]; readonly apartMs: number }
  | { readonly kind: 'edit' | 'lose'; readonly migration: number }
  /** Every edited or lost file is put back. */
  | { readonly kind: 'mend' }
  /** The migrate that comes at once behind a killed or cut run, while the server may still work on it. */
  | { readonly kind: 'chase' }
