import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, node, run } from '../process.ts'
import { pnpm, productCli, sourceBin } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median, type Series } from '../rounds.ts'

const SOURCES = 'migrator from its sources (tsx), 500 applied'
const BUILT = 'migrator built, 500 applied'
const PRODUCT = "the product's db:migrate, without pnpm"
const STATUS = 'pnpm db:migrate:status'
const START_PNPM = 'pnpm --version'
const START_TSX = 'node --import tsx, an empty file'
const START_NODE = 'node -e 0'

/** `migrate` with nothing pending: what every start costs. */
export async function noOpSection(bench: Bench): Promise<Section> {
  const { server, scratch } = bench
  const ours = prepared(bench, 'no-op', formats.ours, tables(500))
  const empty = join(scratch, 'empty.ts')
  writeFileSync(empty, 'export {}\n')
  const env = { DATABASE_URL: (await server.createDatabase()).url }
  const productUrl = (await server.createDatabase()).url
  const programs: readonly (readonly [string, Command | undefined])[] = [
    [SOURCES, node(sourceBin, ['migrate'], ours, env)],
    [BUILT, node(bench.builtBin, ['migrate'], ours, env)],
    [PRODUCT, node(productCli, ['migrate'], scratch, { DATABASE_URL: productUrl })],
    [STATUS, pnpm(['db:migrate:status'], productUrl)],
    [START_PNPM, pnpm(['--version'], productUrl)],
    [START_TSX, node(empty, [], scratch)],
    [START_NODE, { file: process.execPath, args: ['-e', '0'], cwd: scratch }],
  ]
  // The round that is not counted applies them, and bundles the product's program.
  const contenders = programs.flatMap(([name, command]) =>
    command ? [{ name, measure: async () => (await run(command, scratch)).ms }] : [],
  )
  const series = await interleaved(contenders, bench.rounds * 2, bench.onProgress)
  return {
    title: 'migrate with nothing pending',
    notes: [
      'Whole processes. Ratio: to node -e 0, which is what starting Node.js costs; of the status, to pnpm --version.',
      'The lines with pnpm are there when pnpm has started the benchmark.',
    ],
    lines: series.map((each) => lineOf(each, series)),
  }
}

function lineOf({ name, times: measured }: Series, series: readonly Series[]): Line {
  const ms = median(measured)
  const medianOf = (other: string) => median(series.find((each) => each.name === other)?.times ?? [])
  const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured) }
  const ratio = times(ms / medianOf(START_NODE))
  if (name === SOURCES) return { ...line, ratio }
  if (name === BUILT) {
    return { ...line, ratio, target: `≤ 5 × ${START_NODE}`, verdict: verdict(ms <= 5 * medianOf(START_NODE)) }
  }
  if (name === PRODUCT) return { ...line, ratio, target: '< 400 ms', verdict: verdict(ms < 400) }
  if (name !== STATUS) return line
  const own = medianOf(START_PNPM)
  const target = `≤ 1.3 × ${START_PNPM} + 200 ms`
  return { ...line, ratio: times(ms / own), target, verdict: verdict(ms <= 1.3 * own + 200) }
}
