/** PURE: whether what a command told, and what it left, is true and allowed. */
import { type ErrorCode, errorTable } from '../../src/index.ts'
import type { Told } from './drive.ts'
import { type Expectation, isOneTransaction, predict, type State } from './model.ts'
import type { Reality } from './reality.ts'
import type { Command } from './scenario.ts'

/** What a command that was cut off may say. */
const OF_THE_WIRE: readonly ErrorCode[] = [
  'CONNECTION_LOST',
  'CONNECTION_FAILED',
  'LOCK_LOST',
  'LOCK_UNAVAILABLE',
  'RECOVERY_FAILED',
]

export interface Case {
  readonly state: State
  readonly command: Command
  readonly before: Reality
  readonly after: Reality
  /** Where the history stands afterwards. */
  readonly stand: Pick<State, 'applied' | 'dirty'>
  /** Whether its connections were cut. */
  readonly struck: boolean
}

export function judge(told: Told, given: Case): readonly string[] {
  const expected = predict(given.state, given.command)
  return [
    ...exitFaults(told),
    ...untrueSteps(told, given),
    ...(given.struck ? struckFaults(told, given, expected) : undisturbedFaults(told, given, expected)),
  ]
}

function exitFaults({ exit, code, steps, message }: Told): readonly string[] {
  if (code === undefined) {
    const undone = steps?.filter(({ status }) => status !== 'applied' && status !== 'reverted') ?? []
    return undone.length > 0 ? [`exit 0, but ${undone.map(({ id, status }) => `${id} is ${status}`).join(', ')}`] : []
  }
  const documented = (errorTable as Record<string, { exit: number } | undefined>)[code]?.exit
  return documented === exit ? [] : [`exit ${exit} with ${code}: ${message}`]
}

/** Every step that it tells of must be, in the database, what it tells. */
function untrueSteps({ steps, runId, recovered, code, message }: Told, { before, after, command }: Case): string[] {
  if (!steps) {
    const settled = before.history.filter(({ dirty }) => dirty).map(({ id }) => id)
    const same = historyText(before, settled) === historyText(after, settled)
    return same
      ? []
      : [
          `it tells of no step (${code}: ${message}), but the history went from ${historyText(before)} to ${historyText(after)}`,
        ]
  }
  const told = steps.flatMap((step) => {
    const entry = after.history.find(({ id }) => id === step.id)
    const was = before.history.find(({ id }) => id === step.id)
    const is = entry ? (entry.dirty ? 'dirty' : 'applied') : 'not applied'
    const untrue = (): boolean => {
      switch (step.status) {
        case 'applied':
          return is !== 'applied' || (runId !== undefined && entry?.runId !== runId)
        case 'reverted':
          return is !== 'not applied'
        case 'not-run':
          return is !== (was && !was.dirty ? 'applied' : was && !recovered.includes(step.id) ? 'dirty' : 'not applied')
        case 'failed':
          return step.dirty ? is !== 'dirty' : is !== (command.kind === 'migrate' ? 'not applied' : 'applied')
        default:
          return step.status !== 'unknown'
      }
    }
    return untrue() ? [`it tells ${step.id} as ${step.status}${step.dirty ? ' (dirty)' : ''}, and it is ${is}`] : []
  })
  const untoldOf = after.history.concat(before.history).filter(({ id }) => !steps.some((step) => step.id === id))
  const changed = untoldOf.filter(({ id }) => {
    const [was, is] = [before, after].map(({ history }) => history.find((each) => each.id === id))
    return !was?.dirty && (was === undefined) !== (is === undefined)
  })
  return [...told, ...[...new Set(changed.map(({ id }) => id))].map((id) => `it does not tell of ${id}, which changed`)]
}

function historyText({ history }: Reality, without: readonly string[] = []): string {
  const shown = history.filter(({ id }) => !without.includes(id))
  return `[${shown.map(({ id, dirty }) => (dirty ? `${id} dirty` : id)).join(' ')}]`
}

function undisturbedFaults(told: Told, { stand, state }: Case, expected: Expectation): readonly string[] {
  const { code, message, steps, recovered } = told
  if (expected.kind === 'refused') {
    const refused = code !== undefined && expected.codes.includes(code)
    const same = stand.applied === state.applied && stand.dirty === state.dirty
    return [
      ...(refused ? [] : [`expected ${expected.codes.join(' or ')}, got ${code ?? 'success'}: ${message}`]),
      ...(same ? [] : [`it was refused, but left ${text(stand)} instead of ${text(state)}`]),
    ]
  }
  const { after } = expected
  const list = (all: readonly { id: string }[] | undefined) => (all ?? []).map(({ id }) => id).join(' ')
  return [
    ...(code === undefined ? [] : [`expected success, got ${code}: ${message}`]),
    ...(stand.applied === after.applied && stand.dirty === after.dirty
      ? []
      : [`it left ${text(stand)} instead of ${text(after)}`]),
    ...(list(steps) === list(expected.steps)
      ? []
      : [`it tells of [${list(steps)}] instead of [${list(expected.steps)}]`]),
    ...(recovered.join() === expected.recovered.join()
      ? []
      : [`recovered [${recovered}] instead of [${expected.recovered}]`]),
  ]
}

/** Cut off, it may have come anywhere between where it began and where it would have ended, or back to there. */
function struckFaults(told: Told, given: Case, expected: Expectation): readonly string[] {
  const { stand, state, command } = given
  if (told.code === undefined) return undisturbedFaults(told, given, expected)
  const codes: readonly string[] = expected.kind === 'refused' ? [...OF_THE_WIRE, ...expected.codes] : OF_THE_WIRE
  return [
    ...(codes.includes(told.code) ? [] : [`cut off, it blames something else: ${told.code}: ${told.message}`]),
    ...strayed(stand, state, command, expected),
  ]
}

export function strayed(
  stand: Case['stand'],
  state: State,
  command: Command,
  expected: Expectation,
): readonly string[] {
  const same = stand.applied === state.applied && (stand.dirty === state.dirty || !stand.dirty)
  if (same) return []
  if (expected.kind === 'refused') return [`it was refused, but left ${text(stand)} instead of ${text(state)}`]
  const [low, high] = [state.applied, expected.after.applied].toSorted((a, b) => a - b)
  const between = stand.applied >= (low ?? 0) && stand.applied <= (high ?? 0)
  const whole = stand.applied === low || stand.applied === high
  const outside = state.kinds[stand.applied] === 'outside'
  return [
    ...(between ? [] : [`it left ${text(stand)}, beyond ${low} to ${high} applied`]),
    ...(whole || !isOneTransaction(command, expected.steps) ? [] : [`half of one transaction: it left ${text(stand)}`]),
    ...(stand.dirty && !outside ? ['a transactional step is dirty'] : []),
  ]
}

function text({ applied, dirty }: Pick<State, 'applied' | 'dirty'>): string {
  return `${applied} applied${dirty ? ' and one dirty' : ''}`
}
