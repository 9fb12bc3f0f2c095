import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, node, run } from '../process.ts'
import { productCli, sourceBin } from '../programs.ts'
import { milliseconds, type Section, spreadOf, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'

/** `migrate` with nothing pending: what every start costs. */
export async function noOpSection(bench: Bench): Promise<Section> {
  const { server, scratch } = bench
  const ours = prepared(bench, 'no-op', formats.ours, tables(500))
  const empty = join(scratch, 'empty.ts')
  writeFileSync(empty, 'export {}\n')
  const env = { DATABASE_URL: (await server.createDatabase()).url }
  const productEnv = { DATABASE_URL: (await server.createDatabase()).url }
  const programs: readonly (readonly [string, Command])[] = [
    ['migrator from its sources (tsx), 500 applied', node(sourceBin, ['migrate'], ours, env)],
    ['migrator built, 500 applied', node(bench.builtBin, ['migrate'], ours, env)],
    ["the product's db:migrate (tsx)", node(productCli, ['migrate'], scratch, productEnv)],
    [START_TSX, node(empty, [], scratch)],
    [START_NODE, { file: process.execPath, args: ['-e', '0'], cwd: scratch }],
  ]
  // The round that is not counted applies them.
  const contenders = programs.map(([name, command]) => ({
    name,
    measure: async () => (await run(command, scratch)).ms,
  }))
  const series = await interleaved(contenders, bench.rounds * 2, bench.onProgress)
  return {
    title: 'migrate with nothing pending',
    notes: [
      'Whole processes. The last two lines are the floor: what starting Node.js costs, with and without tsx.',
      'The package manager in front of it (pnpm db:migrate) is not in these numbers.',
    ],
    lines: series.map(({ name, times }) => {
      const line = { what: name, value: milliseconds(median(times)), spread: spreadOf(times) }
      if (name === START_TSX || name === START_NODE) return line
      return { ...line, target: '< 400 ms', verdict: verdict(median(times) < 400) }
    }),
  }
}

const START_TSX = 'node --import tsx, an empty file'
const START_NODE = 'node, nothing'
