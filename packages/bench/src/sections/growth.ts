import { type Bench, prepared } from '../bench.ts'
import { rows } from '../corpus.ts'
import * as formats from '../formats.ts'
import { run } from '../process.ts'
import { migrator } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times } from '../result.ts'
import { interleaved, median, type Series } from '../rounds.ts'
import { countIn } from '../server.ts'

const MODES = ['each', 'batch'] as const

/** Whether 10,000 migrations cost a hundred times what 100 cost, in either mode. */
export async function growthSection(bench: Bench): Promise<Section> {
  const { server, scratch, size } = bench
  const counts = size === 'quick' ? [100, 1_000] : [100, 1_000, 10_000]
  const folders = counts.map((count) => [count, prepared(bench, `growth-${count}`, formats.ours, rows(count))] as const)
  const contenders = folders.flatMap(([count, folder]) =>
    MODES.map((mode) => ({
      name: nameOf(mode, count),
      measure: async () => {
        const { url } = await server.createDatabase()
        const { ms } = await run(migrator(bench.builtBin, ['migrate', '--transaction', mode], folder, url), scratch)
        const applied = await countIn(url, 'SELECT count(*) FROM schema_migrations')
        if (applied !== count) throw new Error(`${applied} instead of ${count} were applied`)
        return ms
      },
    })),
  )
  const series = await interleaved(contenders, size === 'quick' ? 1 : 3, bench.onProgress)
  return {
    title: 'Growth: from 100 to 10,000 migrations',
    notes: [
      'Two cheap statements each (a row written, then changed). Ratio: the cost of one more migration between this count',
      'and the count before it, to the same between the two counts before; 1 is linear, 10 would be quadratic.',
    ],
    lines: MODES.flatMap((mode) => linesOf(mode, counts, series)),
  }
}

function nameOf(mode: string, count: number): string {
  return `${mode}, ${count.toLocaleString('en')}`
}

function linesOf(mode: string, counts: readonly number[], series: readonly Series[]): readonly Line[] {
  const points = counts.map((count) => {
    const measured = series.find(({ name }) => name === nameOf(mode, count))?.times ?? []
    return { count, measured, ms: median(measured) }
  })
  const slopes = points.map(({ count, ms }, index) => {
    const before = points[index - 1]
    return before ? (ms - before.ms) / (count - before.count) : undefined
  })
  return points.map(({ count, measured, ms }, index) => {
    const [slope, previous] = [slopes[index], slopes[index - 1]]
    const more = slope === undefined ? '' : `, ${slope.toFixed(3)} ms for one more`
    return {
      what: nameOf(mode, count),
      value: `${milliseconds(ms)}${more}`,
      spread: spreadOf(measured),
      ...(slope !== undefined && previous !== undefined ? { ratio: times(slope / previous) } : {}),
    }
  })
}
