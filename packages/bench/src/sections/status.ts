import { type Bench, prepared } from '../bench.ts'
import { rows } from '../corpus.ts'
import * as formats from '../formats.ts'
import { run, runMeasured } from '../process.ts'
import { migrator, sourceBin } from '../programs.ts'
import { milliseconds, type Section, spreadOf, verdict } from '../result.ts'
import { median } from '../rounds.ts'

const COUNT = 10_000

/** `status --json` with 10,000 pairs in the folder, all of them applied. */
export async function statusSection(bench: Bench): Promise<Section> {
  const { server, scratch, rounds, onProgress } = bench
  const ours = prepared(bench, 'status', formats.ours, rows(COUNT))
  const { url } = await server.createDatabase()
  await run(migrator(bench.builtBin, ['migrate'], ours, url), scratch)
  const measured: { ms: number; rssMb: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    const one = await runMeasured(migrator(sourceBin, ['status', '--json'], ours, url), scratch)
    const { summary } = JSON.parse(one.output) as { summary: { applied: number } }
    if (summary.applied !== COUNT) throw new Error(`${summary.applied} instead of ${COUNT} are applied`)
    if (round > 0) measured.push(one)
    onProgress(`status ${one.ms.toFixed(0)} ms, ${one.rssMb.toFixed(0)} MB`)
  }
  const times = measured.map(({ ms }) => ms)
  const memory = measured.map(({ rssMb }) => rssMb)
  return {
    title: `status --json, from the sources (tsx), with ${COUNT.toLocaleString('en')} applied and as many pairs of files`,
    notes: ['Memory is the resident set at its peak, in units of 1024 × 1024 bytes.'],
    lines: [
      {
        what: 'whole process',
        value: milliseconds(median(times)),
        spread: spreadOf(times),
        target: '< 1000 ms',
        verdict: verdict(median(times) < 1000),
      },
      {
        what: 'peak memory',
        value: `${median(memory).toFixed(0)} MB`,
        spread: spreadOf(memory),
        target: '< 200 MB',
        verdict: verdict(median(memory) < 200),
      },
    ],
  }
}
