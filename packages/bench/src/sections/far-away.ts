import { startWireProxy, type WireProxy } from '../../../migrator/test/support/wire/proxy.ts'
import { countTrips } from '../../../migrator/test/support/wire/round-trips.ts'
import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { run } from '../process.ts'
import { migrator } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'
import { applyOnce, BATCH, BATCH_TSX, EACH, EACH_TSX, PSQL, startsOf } from './apply.ts'

const COUNT = 100
const DELAY_MS = 20

/** At least this many times faster than the fastest peer. */
const LIMITS: Readonly<Record<string, number>> = { [BATCH]: 8, [EACH]: 2.5 }
const OTHERS = new Set([PSQL, EACH_TSX, BATCH_TSX])

/** The database is a network away: what counts is how often a tool waits for an answer. */
export async function farAwaySection(bench: Bench): Promise<Section> {
  const near = (await bench.server.createDatabase()).url
  const counted = countTrips()
  const far = await startWireProxy(near, { delayMs: DELAY_MS, seen: counted.seen })
  try {
    return {
      title: `${COUNT} migrations far away: ${DELAY_MS} ms each way`,
      notes: [
        `A proxy delivers every message ${DELAY_MS} ms late, in both directions. Ratio: the time of the fastest peer to this one.`,
        'A round trip is a question on a connection that is set up, and the wait for its answer; those of several connections overlap.',
      ],
      lines: [...(await applied(bench, far)), ...(await trips(bench, far, counted.take))],
    }
  } finally {
    await far.stop()
  }
}

async function applied(bench: Bench, far: WireProxy): Promise<readonly Line[]> {
  const texts = tables(COUNT)
  const contenders = startsOf(bench, 'far-away', texts)
    .filter(([name]) => !OTHERS.has(name))
    .map(([name, start]) => ({ name, measure: () => applyOnce(bench, texts, start, far.through) }))
  const series = await interleaved(contenders, Math.min(bench.rounds, 3), bench.onProgress)
  const peers = series.filter(({ name }) => LIMITS[name] === undefined)
  const fastest = Math.min(...peers.map((peer) => median(peer.times)))
  return series.map(({ name, times: measured }) => {
    const ratio = fastest / median(measured)
    const line = { what: name, value: milliseconds(median(measured)), spread: spreadOf(measured), ratio: times(ratio) }
    const limit = LIMITS[name]
    if (limit === undefined) return line
    return { ...line, target: `≥ ${limit} × faster`, verdict: verdict(ratio >= limit) }
  })
}

async function trips(
  bench: Bench,
  far: WireProxy,
  take: ReturnType<typeof countTrips>['take'],
): Promise<readonly Line[]> {
  const folder = prepared(bench, 'round-trips', formats.ours, tables(COUNT))
  const { url } = await bench.server.createDatabase()
  const count = async (what: string, words: readonly string[], limit: number): Promise<Line> => {
    take()
    await run(migrator(bench.builtBin, words, folder, far.through(url)), bench.scratch)
    const counted = take()
    const value = `${counted.trips} round trips on ${counted.connections} connections`
    return { what, value, target: `≤ ${limit}`, verdict: verdict(counted.trips <= limit) }
  }
  return [
    await count(`round trips: migrate, ${COUNT} in a batch`, ['migrate'], 15),
    await count('round trips: migrate, nothing pending', ['migrate'], 6),
    await count('round trips: status', ['status'], 6),
  ]
}
