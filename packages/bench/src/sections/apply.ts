import { type Bench, prepared } from '../bench.ts'
import { type Text, tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, run } from '../process.ts'
import { findDbmate, migrator, peer, psqlScript, sourceBin } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { type Contender, interleaved, median, type Series } from '../rounds.ts'
import { countIn } from '../server.ts'

const COUNT = 500
const PSQL = 'psql -f, one transaction each'
const EACH = 'migrator built, one transaction each'
const BATCH = 'migrator built, one batch'
const EACH_TSX = 'migrator from sources (tsx), each'
const BATCH_TSX = 'migrator from sources (tsx), batch'

/** At most this many times psql's time. */
const LIMITS: Readonly<Record<string, number>> = { [EACH]: 1.3, [EACH_TSX]: 1.3, [BATCH]: 1, [BATCH_TSX]: 1 }

/** 500 migrations on an empty database: the engine, psql and the peers, whole processes. */
export async function applySection(bench: Bench): Promise<Section> {
  const series = await interleaved(contenders(bench), bench.rounds, bench.onProgress)
  return {
    title: `Applying ${COUNT} migrations of two statements`,
    notes: [
      'Each migration creates a table and, by turns, an index on it or a row in it. Whole processes, from spawn to exit, on a new database.',
      'Ratio: to psql. Target of a peer: at least twice the time of the built migrator with one transaction each.',
    ],
    lines: series.map((each) => lineOf(each, series)),
  }
}

function lineOf({ name, times: measured }: Series, series: readonly Series[]): Line {
  const ms = median(measured)
  const psql = medianOf(series, PSQL)
  const each = medianOf(series, EACH) ?? Number.NaN
  const ratio = psql === undefined ? {} : { ratio: times(ms / psql) }
  const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured), ...ratio }
  if (name === PSQL) return line
  const limit = LIMITS[name]
  if (limit !== undefined) {
    if (psql === undefined) return line
    return { ...line, target: `≤ ${limit.toFixed(1)} × psql`, verdict: verdict(ms / psql <= limit) }
  }
  return { ...line, target: `≥ 2 × each (${times(ms / each)})`, verdict: verdict(ms / each >= 2) }
}

function medianOf(series: readonly Series[], name: string): number | undefined {
  const found = series.find((each) => each.name === name)
  return found && median(found.times)
}

type Start = (url: string) => Command

function contenders(bench: Bench): readonly Contender[] {
  const texts = tables(COUNT)
  const folder = (name: string, format: formats.Format) => prepared(bench, `apply-${name}`, format, texts)
  const ours = folder('ours', formats.ours)
  const psql = folder('psql', formats.psql)
  const drizzle = folder('drizzle', formats.drizzle)
  const nodePgMigrate = folder('node-pg-migrate', formats.nodePgMigrate)
  const kysely = folder('kysely', formats.kysely)
  const dbmate = folder('dbmate', formats.dbmate)
  const each = ['migrate', '--transaction', 'each']
  const batch = ['migrate', '--transaction', 'batch']
  const psqlBinary = bench.psql
  const dbmateBinary = findDbmate()
  const starts: readonly (readonly [string, Start | undefined])[] = [
    [PSQL, psqlBinary === undefined ? undefined : (url) => psqlScript(psqlBinary, 'up.sql', psql, url)],
    [EACH, (url) => migrator(bench.builtBin, each, ours, url)],
    [BATCH, (url) => migrator(bench.builtBin, batch, ours, url)],
    [EACH_TSX, (url) => migrator(sourceBin, each, ours, url)],
    [BATCH_TSX, (url) => migrator(sourceBin, batch, ours, url)],
    ['drizzle-orm, one transaction (it has no other way)', (url) => peer('drizzle', [url, drizzle], drizzle)],
    [
      'node-pg-migrate, one transaction each',
      (url) => peer('node-pg-migrate', [url, nodePgMigrate, 'each'], nodePgMigrate),
    ],
    [
      'node-pg-migrate, one transaction',
      (url) => peer('node-pg-migrate', [url, nodePgMigrate, 'single'], nodePgMigrate),
    ],
    ['kysely, one transaction (its default)', (url) => peer('kysely', [url, kysely], kysely)],
    [
      'dbmate, one transaction each',
      dbmateBinary === undefined ? undefined : (url) => dbmateMigrate(dbmateBinary, dbmate, url),
    ],
  ]
  return starts.flatMap(([name, start]) => (start ? [{ name, measure: () => applyOnce(bench, texts, start) }] : []))
}

function dbmateMigrate(file: string, folder: string, url: string): Command {
  const args = ['--url', `${url}?sslmode=disable`, '--migrations-dir', folder, '--no-dump-schema', 'migrate']
  return { file, args, cwd: folder }
}

async function applyOnce({ server, scratch }: Bench, texts: readonly Text[], start: Start): Promise<number> {
  const { url } = await server.createDatabase()
  const { ms } = await run(start(url), scratch)
  const created = await countIn(url, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'bench\\_%'`)
  if (created !== texts.length) throw new Error(`${created} tables instead of ${texts.length} were created`)
  return ms
}
