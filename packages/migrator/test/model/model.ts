/** PURE: what a history may be, and what a command makes of it. */
import { idOf } from './migrations.ts'
import type { Command, Kind } from './scenario.ts'

/** The first `applied` migrations are applied; behind them one may be dirty. */
export interface State {
  readonly kinds: readonly Kind[]
  readonly applied: number
  readonly dirty: boolean
  readonly edited: ReadonlySet<number>
  readonly lost: ReadonlySet<number>
}

export interface ExpectedStep {
  readonly id: string
  readonly direction: 'up' | 'down'
}

export type Expectation =
  /** Nothing changes. */
  | { readonly kind: 'refused'; readonly codes: readonly string[] }
  | {
      readonly kind: 'runs'
      readonly steps: readonly ExpectedStep[]
      readonly recovered: readonly string[]
      readonly after: Pick<State, 'applied' | 'dirty'>
    }

export function predict(state: State, command: Command): Expectation {
  return command.kind === 'migrate' ? predictUp(state, command) : predictDown(state, command)
}

function predictUp(state: State, { steps, target }: Command & { kind: 'migrate' }): Expectation {
  const { kinds, applied, dirty } = state
  const standing = [...Array(applied).keys()]
  const codes = [
    ...(standing.some((place) => state.edited.has(place)) ? ['CHECKSUM_MISMATCH'] : []),
    ...(standing.some((place) => state.lost.has(place)) ? ['MIGRATION_MISSING'] : []),
  ]
  if (target !== undefined && state.lost.has(target)) codes.unshift('TARGET_UNKNOWN')
  if (codes.length > 0) return { kind: 'refused', codes }
  const end = target === undefined ? applied + (steps ?? kinds.length) : target + 1
  const after = Math.max(applied, Math.min(end, kinds.length))
  return {
    kind: 'runs',
    steps: stepsBetween(kinds, applied, after, 'up'),
    recovered: dirty ? [idAt(kinds, applied)] : [],
    after: { applied: after, dirty: false },
  }
}

function predictDown(state: State, { steps = 1, target, all }: Command & { kind: 'rollback' }): Expectation {
  const { kinds, applied, dirty } = state
  const recorded = applied + (dirty ? 1 : 0)
  if (target !== undefined && target >= recorded) {
    return { kind: 'refused', codes: [state.lost.has(target) ? 'TARGET_UNKNOWN' : 'TARGET_NOT_APPLIED'] }
  }
  const kept = all ? 0 : target === undefined ? Math.max(0, recorded - steps) : target + 1
  const tooMany = !all && target === undefined && recorded > 0 && steps >= recorded && !(steps === 1 && recorded === 1)
  const reverted = [...Array(recorded).keys()].slice(kept)
  const codes = [
    ...(tooMany ? ['CONFIRMATION_REQUIRED'] : []),
    ...(!all && reverted.some((place) => place < applied && state.edited.has(place)) ? ['CHECKSUM_MISMATCH'] : []),
  ]
  if (codes.length > 0) return { kind: 'refused', codes }
  return {
    kind: 'runs',
    steps: stepsBetween(kinds, kept, recorded, 'down').toReversed(),
    recovered: [],
    after: { applied: Math.min(kept, applied), dirty: dirty && kept > applied },
  }
}

/** Whether all steps share one transaction. */
export function isOneTransaction(command: Command, steps: readonly ExpectedStep[]): boolean {
  if (command.how.transaction !== undefined) return command.how.transaction === 'batch'
  return steps.every(({ id }) => !id.endsWith('_outside'))
}

function stepsBetween(kinds: readonly Kind[], from: number, to: number, direction: 'up' | 'down'): ExpectedStep[] {
  return kinds.slice(from, to).map((_, index) => ({ id: idAt(kinds, from + index), direction }))
}

export function idAt(kinds: readonly Kind[], place: number): string {
  return idOf(place, kinds[place] ?? 'table')
}
