import { randomSource } from '../support/random.ts'
import { type Place, play } from './play.ts'
import type { Blow, Command, How, Kind, Move, Scenario } from './scenario.ts'

/** Runs of three steps, up and down, in every mode and by both routes: what is cut, or killed, at every point. */
interface Course {
  readonly route: Scenario['route']
  readonly kinds: readonly Kind[]
  readonly before: readonly Command[]
  readonly command: Command
}

const MODES: readonly { readonly how: How; readonly kinds: readonly Kind[] }[] = [
  { how: { transaction: 'batch' }, kinds: ['table', 'rows', 'table'] },
  { how: { transaction: 'each' }, kinds: ['table', 'rows', 'table'] },
  { how: { transaction: 'each' }, kinds: ['rows', 'outside', 'table'] },
  { how: { transaction: 'each', onFailure: 'stop' }, kinds: ['table', 'module', 'rows'] },
]

export function coursesOf(routes: readonly Scenario['route'][]): readonly Course[] {
  return routes.flatMap((route) =>
    MODES.flatMap(({ how, kinds }): Course[] => [
      { route, kinds, before: [], command: { kind: 'migrate', how } },
      { route, kinds, before: [{ kind: 'migrate', how: {} }], command: { kind: 'rollback', all: true, how } },
    ]),
  )
}

/** A scenario for every point of the course's command that the server or the client reaches, told by an undisturbed run. */
export async function everyPoint(
  place: Place,
  course: Course,
  blows: readonly Omit<Blow, 'at'>[],
  by: 'library' | 'program',
) {
  const { faults, log, points } = await play(place, scenarioOf(course, { kind: 'run', command: course.command, by }))
  if (faults.length > 0) throw new Error(`undisturbed, it goes wrong: ${[...log, ...faults].join('\n')}`)
  const count = points[course.before.length] ?? 0
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((point) =>
    blows.map((blow) =>
      scenarioOf(course, { kind: 'run', command: course.command, by, blow: { ...blow, at: { point } } as Blow }),
    ),
  )
}

function scenarioOf({ route, kinds, before }: Course, move: Move): Scenario {
  const led = before.map((command): Move => ({ kind: 'run', command, by: 'library' }))
  const chased: readonly Move[] = 'blow' in move && move.blow?.kind === 'kill' ? [{ kind: 'chase' }] : []
  return { route, kinds, moves: [...led, move, ...chased] }
}

/** So many of them, drawn at random, the same ones each time. */
export function sample<T>(all: readonly T[], count: number): readonly T[] {
  const random = randomSource(count)
  const drawn = all.map((each) => ({ each, at: random.below(2 ** 31) })).toSorted((a, b) => a.at - b.at)
  return drawn.slice(0, count).map(({ each }) => each)
}
