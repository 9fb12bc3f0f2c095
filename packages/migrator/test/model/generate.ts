import { randomSource } from '../support/random.ts'
import type { Cut } from '../support/wire/link.ts'
import { predict, type State } from './model.ts'
import type { Blow, Command, How, Kind, Moment, Move, Scenario } from './scenario.ts'

type Random = ReturnType<typeof randomSource>

/** The same scenario for the same seed. It follows the model's state, so that most commands have something to do. */
export function scenarioOf(seed: number, { pooler }: { readonly pooler: boolean }): Scenario {
  const random = randomSource(Math.imul(seed, 0x9e3779b1))
  for (let turn = 0; turn < 4; turn++) random.below(2)
  const route = pooler && random.below(3) === 0 ? 'pooled' : 'direct'
  const kinds = kindsOf(random)
  const moves: Move[] = []
  let state: State = { kinds, applied: 0, dirty: false, edited: new Set(), lost: new Set() }
  for (let turns = 3 + random.below(4); turns > 0; turns--) {
    const next = movesOf(random, state)
    for (const move of next) state = afterMove(state, move)
    moves.push(...next)
  }
  return { route, kinds, moves }
}

function afterMove(state: State, move: Move): State {
  if (move.kind === 'chase') return { ...state, applied: state.kinds.length }
  if (move.kind !== 'run') return state
  const expected = predict(state, move.command)
  return expected.kind === 'runs' ? { ...state, ...expected.after } : state
}

function kindsOf(random: Random): readonly Kind[] {
  const inside: readonly [Kind, ...Kind[]] = ['table', 'rows', 'table', 'rows', 'module']
  const pool: readonly [Kind, ...Kind[]] = random.below(2) === 0 ? inside : [...inside, 'outside', 'outside']
  return Array.from({ length: 3 + random.below(3) }, () => random.pick(pool))
}

function movesOf(random: Random, state: State): readonly Move[] {
  const draw = random.below(20)
  if (draw < 1) return [{ kind: 'edit', migration: random.below(state.kinds.length) }]
  if (draw < 2) return [{ kind: 'lose', migration: random.below(state.kinds.length) }]
  if (draw < 3) return [{ kind: 'mend' }]
  const command = commandOf(random, state)
  if (draw < 5) {
    return [{ kind: 'both', commands: [command, commandOf(random, state)], apartMs: random.below(60) }]
  }
  if (draw < 7) return [{ kind: 'run', command, by: random.below(4) === 0 ? 'program' : 'library' }]
  const blow = blowOf(random)
  const by = blow.kind === 'kill' || random.below(4) === 0 ? 'program' : 'library'
  const struck: Move = { kind: 'run', command, by, blow }
  return random.below(3) === 0 ? [struck, { kind: 'chase' }] : [struck]
}

function commandOf(random: Random, { kinds, applied }: State): Command {
  const how = howOf(random, kinds)
  const up = random.below(10) === 0 ? applied > 0 : applied < kinds.length && (applied === 0 || random.below(2) === 0)
  const some = 1 + random.below(up ? kinds.length - applied : applied)
  const target = up ? Math.min(applied + random.below(kinds.length - applied), kinds.length - 1) : random.below(applied)
  return up
    ? random.pick<Command>([
        { kind: 'migrate', how },
        { kind: 'migrate', how },
        { kind: 'migrate', steps: some, how },
        { kind: 'migrate', target, how },
      ])
    : random.pick<Command>([
        { kind: 'rollback', steps: some, how },
        { kind: 'rollback', target, how },
        { kind: 'rollback', all: true, how },
      ])
}

function howOf(random: Random, kinds: readonly Kind[]): How {
  const onFailure = random.pick(['rollback', 'stop'] as const)
  if (kinds.includes('outside')) return random.below(2) === 0 ? { onFailure } : { onFailure, transaction: 'each' }
  return { onFailure, transaction: random.pick(['batch', 'each'] as const) }
}

function blowOf(random: Random): Blow {
  const at = momentOf(random)
  if (random.below(4) === 0) return { kind: 'kill', at }
  const cut = random.pick<Cut>(['reset', 'close', 'silence', 'deaf'])
  return { kind: 'cut', cut, on: random.pick(['it', 'it', 'all'] as const), at }
}

const TEXTS = [
  'COMMIT',
  'BEGIN',
  'schema_migrations',
  'INSERT INTO watch',
  'pg_try_advisory',
  'TABLE t_',
  'pg_locks',
] as const

function momentOf(random: Random): Moment {
  const draw = random.below(10)
  if (draw < 5) return { point: 1 + random.below(80) }
  if (draw < 7) return { ms: random.below(250) }
  return { text: random.pick(TEXTS), moment: random.pick(['before', 'after'] as const) }
}
