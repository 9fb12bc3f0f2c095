import { afterAll, beforeAll, expect, test } from 'vitest'
import { olderMajors, startMajor } from '../support/majors.ts'
import { scenarioOf } from './generate.ts'
import { createPlayers, type Named, type Players } from './players.ts'
import { coursesOf, everyPoint, sample } from './sweep.ts'

/**
 * `SEED=7` plays that one alone, `RUNS=1000` so many from seed 1 (or SEED) on; `CUTS=500` and `KILLS=500` are how many points of the
 * sweeps, `ONLY=reset,close` which cuts; `SCENARIO='{…}'` plays what failures printed, one a line. docs/guides/testing-rollbacks.md
 */
const { SEED, RUNS, CUTS, KILLS, SCENARIO, ONLY } = process.env
const alone = SCENARIO !== undefined || (SEED !== undefined && RUNS === undefined)
const first = Number(SEED ?? 1)
const runs = alone ? 1 : Number(RUNS ?? 20)
const cuts = alone ? 0 : Number(CUTS ?? 24)
const kills = alone ? 0 : Number(KILLS ?? 12)
const ON_EACH_MAJOR = 6
const LONG = { timeout: 600_000 + (runs + cuts + kills) * 10_000 }

const KINDS_OF_CUT = ['reset', 'close', 'silence', 'deaf'] as const
const CUTTING = KINDS_OF_CUT.filter((cut) => ONLY?.includes(cut) ?? true).flatMap((cut) =>
  (['it', 'all'] as const).map((on) => ({ kind: 'cut', cut, on }) as const),
)

let players: Players
beforeAll(async () => {
  players = await createPlayers()
})
afterAll(() => players.leave())

function seeded({ routes }: Players, count: number): readonly Named[] {
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const pooler = routes.includes('pooled')
  return seeds.map((seed) => ({ name: `SEED=${seed}`, scenario: scenarioOf(seed, { pooler }) }))
}

const none = (failures: readonly string[]) => expect(failures.length, failures.join('\n\n')).toBe(0)

test(
  `random histories: nothing runs twice, leaves a gap, hangs or is reported wrongly (${runs} from seed ${first})`,
  LONG,
  async () => {
    none(
      await players.playAll(
        SCENARIO?.split('\n').map((text) => ({ name: 'SCENARIO', scenario: JSON.parse(text) })) ??
          seeded(players, runs),
      ),
    )
  },
)

test.concurrent.for(alone ? [] : olderMajors())('and on PostgreSQL %s', LONG, async (major, { onTestFinished }) => {
  const server = await startMajor(major)
  onTestFinished(() => server.stop())
  const there = await createPlayers(server.url)
  onTestFinished(() => there.leave())
  none(await there.playAll(seeded(there, Math.min(runs, ON_EACH_MAJOR))))
})

test(`cut at every message: the next run settles it (${cuts} of them)`, LONG, async () => {
  none(await sweep(CUTTING, 'library', cuts))
})

test(`killed at every message: the next run finds what it left on the server (${kills} of them)`, LONG, async () => {
  none(await sweep([{ kind: 'kill' }], 'program', kills))
})

async function sweep(blows: Parameters<typeof everyPoint>[2], by: 'library' | 'program', count: number) {
  if (count === 0) return []
  const all: Named[] = []
  for (const course of coursesOf(players.routes)) {
    const scenarios = await everyPoint(players.place, course, blows, by)
    for (const [index, scenario] of scenarios.entries())
      all.push({ name: `${course.command.kind}, point ${index}`, scenario })
  }
  return players.playAll(sample(all, count))
}
