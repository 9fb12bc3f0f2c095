import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, run } from '../process.ts'
import { migrator, psqlScript, sourceBin } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'
import { countIn } from '../server.ts'

const COUNT = 500
const PSQL = 'psql -f, one transaction each'
const BATCH = 'migrator built, one batch (its default)'

/** The same 500, applied by the engine, rolled back. */
export async function rollbackSection(bench: Bench): Promise<Section> {
  const texts = tables(COUNT)
  const ours = prepared(bench, 'rollback-ours', formats.ours, texts)
  const script = prepared(bench, 'rollback-psql', formats.psql, texts)
  const applied = await bench.server.createDatabase()
  await run(migrator(bench.builtBin, ['migrate'], ours, applied.url), bench.scratch)
  const { psql } = bench
  const all = ['rollback', '--all', '--force']
  const each = [...all, '--transaction', 'each']
  const starts: readonly (readonly [string, (url: string) => Command])[] = [
    ...(psql === undefined ? [] : [[PSQL, (url: string) => psqlScript(psql, 'down.sql', script, url)] as const]),
    ...(
      [
        ['built', bench.builtBin],
        ['from sources (tsx)', sourceBin],
      ] as const
    ).flatMap(([form, bin]) => [
      [`migrator ${form}, one batch (its default)`, (url: string) => migrator(bin, all, ours, url)] as const,
      [`migrator ${form}, one transaction each`, (url: string) => migrator(bin, each, ours, url)] as const,
    ]),
  ]
  const contenders = starts.map(([name, start]) => ({ name, measure: () => revertOnce(bench, applied.name, start) }))
  const series = await interleaved(contenders, bench.rounds, bench.onProgress)
  const reference = series.find(({ name }) => name === PSQL)
  return {
    title: `Rolling the ${COUNT} back`,
    notes: ['Each on its own copy of a database to which the migrator has applied all. Ratio: to psql.'],
    lines: series.map((each) => lineOf(each.name, each.times, reference && median(reference.times))),
  }
}

function lineOf(name: string, measured: readonly number[], psql: number | undefined): Line {
  const ms = median(measured)
  const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured) }
  if (psql === undefined) return line
  const ratio = times(ms / psql)
  return name === BATCH
    ? { ...line, ratio, target: '≤ 1.2 × psql', verdict: verdict(ms / psql <= 1.2) }
    : { ...line, ratio }
}

async function revertOnce(
  { server, scratch }: Bench,
  template: string,
  start: (url: string) => Command,
): Promise<number> {
  const { url } = await server.createDatabase(template)
  const { ms } = await run(start(url), scratch)
  const left = await countIn(url, 'SELECT count(*) FROM schema_migrations')
  if (left !== 0) throw new Error(`${left} migrations were not reverted`)
  return ms
}
