import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { type Command, run } from '../process.ts'
import { migrator, psqlScript } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median, type Series } from '../rounds.ts'
import { countIn } from '../server.ts'

const STATEMENTS = 50_000
const PSQL = 'psql -1 -f'
const MIGRATE = 'migrator built, migrate'
const VALIDATE = 'migrator built, validate'
const LIMIT = 1.3
const MOST_MS = 3_000

/** One migration of 50,000 INSERTs, 10 MB, with words in its values that look like transaction control. */
export async function largeFileSection(bench: Bench): Promise<Section> {
  const folder = join(bench.scratch, 'large-file')
  const script = write(folder)
  const { psql, builtBin } = bench
  const apply = (command: (url: string) => Command) => () => once(bench, command, STATEMENTS)
  const contenders = [
    ...(psql ? [{ name: PSQL, measure: apply((url) => single(psqlScript(psql, script, folder, url))) }] : []),
    { name: MIGRATE, measure: apply((url) => migrator(builtBin, ['migrate'], folder, url)) },
    { name: VALIDATE, measure: () => once(bench, (url) => migrator(builtBin, ['validate'], folder, url), 0) },
  ]
  const series = await interleaved(contenders, bench.rounds, bench.onProgress)
  return {
    title: `One file of ${STATEMENTS.toLocaleString('en-US')} statements, 10 MB`,
    notes: ['Whole processes, on a new database. Ratio: to psql with one transaction.'],
    lines: series.map((each) => lineOf(each, series)),
  }
}

function lineOf({ name, times: measured }: Series, series: readonly Series[]): Line {
  const ms = median(measured)
  const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured) }
  if (name === VALIDATE) return { ...line, target: `≤ ${milliseconds(MOST_MS)}`, verdict: verdict(ms <= MOST_MS) }
  const psql = series.find((each) => each.name === PSQL)
  if (name === PSQL || !psql) return line
  const ratio = ms / median(psql.times)
  return { ...line, ratio: times(ratio), target: `≤ ${LIMIT} × psql`, verdict: verdict(ratio <= LIMIT) }
}

function single(command: Command): Command {
  return { ...command, args: ['-1', ...command.args] }
}

async function once({ server, scratch }: Bench, command: (url: string) => Command, rows: number): Promise<number> {
  const { url } = await server.createDatabase()
  const { ms } = await run(command(url), scratch)
  if (rows > 0 && (await countIn(url, 'SELECT count(*) FROM bench_large')) !== rows)
    throw new Error('not all rows are there')
  return ms
}

function write(folder: string): string {
  const payload = `{"text": "${'a value of some length '.repeat(6)}"}`
  const insert = (number: number) =>
    `INSERT INTO bench_large (id, name, payload) VALUES (${number}, 'start of ${number}', '${payload}');\n`
  const inserts = Array.from({ length: STATEMENTS }, (_, number) => insert(number)).join('')
  const migrations = join(folder, 'migrations')
  mkdirSync(migrations, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'migrator.config.mjs'), "export default { migrations: 'migrations' }\n")
  writeFileSync(join(migrations, '00001_large.down.sql'), 'DROP TABLE bench_large;\n')
  const script = join(migrations, '00001_large.up.sql')
  writeFileSync(script, `CREATE TABLE bench_large (id integer, name text, payload jsonb);\n${inserts}`)
  return script
}
