import { setTimeout as pause } from 'node:timers/promises'
import { startWireProxy, type WireMessage, type WireProxy } from '../support/wire/proxy.ts'
import type { Arena } from './arena.ts'
import { miscounted, wrongBeside } from './beside.ts'
import { type Drive, type Outcome, throughLibrary, throughProgram, within, wordsOf } from './drive.ts'
import { judge, strayed } from './judge.ts'
import { idAt, predict, type State } from './model.ts'
import { inconsistencies, type Reality, realityOf, standOf } from './reality.ts'
import type { Command, Move, Scenario } from './scenario.ts'
import { isTurningPoint, strike } from './strike.ts'
import { describeBlow, describeOutcome } from './tell.ts'

/** Longer than any run may last whose wire fell silent. */
const LIMIT_MS = 60_000

/** What a run whose wire fell silent could not end itself, the server ends after the time of its lease. */
const LEASE_MS = 15_000

export interface Played {
  readonly faults: readonly string[]
  /** What was done, and what came of it. */
  readonly log: readonly string[]
  /** How many steps were reported as unknown, and how many runs were struck. */
  readonly unknown: number
  readonly struck: number
  /** The turning points of each of its runs. */
  readonly points: readonly number[]
}

export interface Place {
  readonly arena: Arena
  /** Where the database is reached, straight on and through the pooler. */
  urlOf(route: Scenario['route']): string
}

interface Game extends Place {
  readonly scenario: Scenario
  readonly proxy: WireProxy
  readonly url: string
  readonly log: string[]
  readonly points: number[]
  state: State
  reality: Reality
  struck: number
  unknown: number
}

/** Plays one scenario from an empty database to an empty database; stops at the first fault. */
export async function play(place: Place, scenario: Scenario, log: string[] = []): Promise<Played> {
  const { arena } = place
  await arena.reset(scenario.kinds)
  const points: number[] = []
  const seen = (message: WireMessage) => {
    if (isTurningPoint(message)) points.push((points.pop() ?? 0) + 1)
  }
  const proxy = await startWireProxy(place.urlOf(scenario.route), { seen })
  const state: State = { kinds: scenario.kinds, applied: 0, dirty: false, edited: new Set(), lost: new Set() }
  const url = proxy.through(place.urlOf(scenario.route))
  const reality = await realityOf(arena.db.sql)
  const game: Game = { ...place, scenario, proxy, url, log, points, state, reality, struck: 0, unknown: 0 }
  try {
    const moves = [...scenario.moves, ...EPILOGUE]
    for (const [at, move] of moves.entries()) {
      const faults = await make(game, move, moves[at + 1])
      if (faults.length > 0) return { ...game, faults }
    }
    return { ...game, faults: [] }
  } finally {
    await proxy.stop()
  }
}

/** Whatever has happened, it goes all the way up and all the way down in the end. */
const EPILOGUE: readonly Move[] = [
  { kind: 'mend' },
  { kind: 'run', by: 'library', command: { kind: 'migrate', how: {} } },
  { kind: 'run', by: 'library', command: { kind: 'rollback', all: true, how: {} } },
]

async function make(game: Game, move: Move, next: Move | undefined): Promise<readonly string[]> {
  switch (move.kind) {
    case 'run':
      return run(game, move, next)
    case 'both':
      return both(game, move)
    case 'chase':
      return chase(game)
    case 'mend':
      return mend(game)
    default:
      return harm(game, move)
  }
}

/** One that is chased is not looked at: the next run comes before the server is done with it. */
async function run(
  game: Game,
  { command, by, blow }: Move & { kind: 'run' },
  next: Move | undefined,
): Promise<readonly string[]> {
  const { arena, state, proxy } = game
  game.points.push(0)
  const drive = start(game, command, by)
  const striker = blow && strike(proxy, blow, drive.kill)
  const outcome = await within(LIMIT_MS, drive)
  const struck = striker?.callOff() ?? false
  if (struck) game.struck++
  const told = `${wordsOf(state.kinds, command).join(' ')} by ${by}${blow ? `, ${describeBlow(blow)}${struck ? '' : ' (not reached)'}` : ''}`
  game.log.push(`${told} → ${describeOutcome(outcome)}`)
  if (struck && next?.kind === 'chase') return []
  const left = struck ? await leftovers(game, outcome) : []
  await arena.idle()
  const before = game.reality
  const faults = [...left, ...(await look(game))]
  const expected = predict(state, command)
  if (outcome.kind === 'told') {
    game.unknown += outcome.told.steps?.filter(({ status }) => status === 'unknown').length ?? 0
    const given = { state, command, before, after: game.reality, stand: game.state, struck }
    return [...faults, ...judge(outcome.told, given)]
  }
  const stray = strayed(game.state, state, command, expected)
  if (outcome.kind === 'killed') return [...faults, ...stray]
  return [outcome.kind === 'hung' ? `it hung for ${LIMIT_MS / 1000} s` : outcome.why, ...faults, ...stray]
}

function start({ arena, url, state }: Game, command: Command, by: 'library' | 'program'): Drive {
  const through = by === 'library' ? throughLibrary : throughProgram
  return through(url, arena.project, state.kinds, command)
}

/** A run that could reach the server ends its own sessions there; those of a killed one are ended by the server. */
async function leftovers({ arena, proxy }: Game, outcome: Outcome): Promise<readonly string[]> {
  let left: readonly string[] = []
  for (const deadline = Date.now() + LEASE_MS; Date.now() < deadline; await pause(50)) {
    await arena.idle()
    left = await arena.leftBehind()
    if (left.length === 0) break
  }
  proxy.endSilenced()
  if (outcome.kind === 'hung') proxy.strike('reset')
  return left.length === 0 ? [] : [`it left sessions in a transaction: ${left.join('; ')}`]
}

/** Takes in what the database holds now; tells what is wrong with that alone. */
async function look(game: Game): Promise<readonly string[]> {
  const { kinds } = game.state
  game.reality = await realityOf(game.arena.db.sql)
  const stand = standOf(kinds, game.reality)
  if (typeof stand === 'string') return [stand]
  game.state = { ...game.state, ...stand }
  const applied = [...game.state.edited].filter((place) => place < stand.applied)
  game.state = { ...game.state, edited: new Set(applied) }
  for (const place of game.state.lost) if (place >= stand.applied) await putBack(game, place)
  return inconsistencies(kinds, game.reality)
}

async function putBack(game: Game, place: number): Promise<void> {
  await game.arena.write(game.state.kinds, place)
  game.state = { ...game.state, lost: new Set([...game.state.lost].filter((each) => each !== place)) }
}

async function chase(game: Game): Promise<readonly string[]> {
  await mend(game)
  const command: Command = { kind: 'migrate', how: {} }
  const outcome = await within(LIMIT_MS, start(game, command, 'library'))
  game.log.push(`chased by migrate → ${describeOutcome(outcome)}`)
  await game.arena.idle()
  const faults = await look(game)
  const well =
    outcome.kind === 'told' && outcome.told.code === undefined && game.state.applied === game.state.kinds.length
  return well ? faults : [`the next migrate did not settle it: ${describeOutcome(outcome)}`, ...faults]
}

async function both(game: Game, { commands, apartMs }: Move & { kind: 'both' }): Promise<readonly string[]> {
  const { state } = game
  await mend(game)
  const before = game.reality
  const first = start(game, commands[0], 'library')
  await pause(apartMs)
  const outcomes = await Promise.all([first, start(game, commands[1], 'library')].map((each) => within(LIMIT_MS, each)))
  const said = commands.map((command) => wordsOf(state.kinds, command).join(' '))
  game.log.push(
    `at once, ${apartMs} ms apart: ${said.map((words, at) => `${words} → ${describeOutcome(outcomes[at] as Outcome)}`).join(' | ')}`,
  )
  await game.arena.idle()
  const faults = await look(game)
  return [...faults, ...outcomes.flatMap(wrongBeside), ...miscounted(outcomes, before, game.reality)]
}

async function mend(game: Game): Promise<readonly string[]> {
  const { edited, lost } = game.state
  if (edited.size + lost.size > 0) game.log.push('the files are put back')
  for (const place of [...edited, ...lost]) await putBack(game, place)
  game.state = { ...game.state, edited: new Set() }
  return []
}

/** Only what is applied can be edited or lost; the rest is left alone. */
async function harm(game: Game, { kind, migration }: Move & { kind: 'edit' | 'lose' }): Promise<readonly string[]> {
  const { state, arena } = game
  const free = migration < state.applied && !state.edited.has(migration) && !state.lost.has(migration)
  if (!free || (kind === 'lose' && state.kinds[migration] === 'module')) return []
  game.log.push(`${idAt(state.kinds, migration)} is ${kind === 'edit' ? 'edited' : 'lost'}`)
  if (kind === 'edit') {
    await arena.write(state.kinds, migration, 'edited')
    game.state = { ...state, edited: new Set([...state.edited, migration]) }
  } else {
    await arena.lose(state.kinds, migration)
    game.state = { ...state, lost: new Set([...state.lost, migration]) }
  }
  return []
}
