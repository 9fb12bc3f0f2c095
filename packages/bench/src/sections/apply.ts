import { type Bench, prepared } from '../bench.ts'
import { type Text, tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, run } from '../process.ts'
import { findDbmate, migrator, peer, psqlScript, sourceBin } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median, type Series } from '../rounds.ts'
import { countIn } from '../server.ts'

const COUNT = 500
export const PSQL = 'psql -f, one transaction each'
export const EACH = 'migrator built, one transaction each'
export const BATCH = 'migrator built, one batch'
export const EACH_TSX = 'migrator from sources (tsx), each'
export const BATCH_TSX = 'migrator from sources (tsx), batch'

/** At most this many times psql's time; the sources are shown beside them and have no target. */
const LIMITS: Readonly<Record<string, number>> = { [EACH]: 1.4, [BATCH]: 0.95 }

/** 500 migrations on an empty database: the engine, psql and the peers, whole processes. */
export async function applySection(bench: Bench): Promise<Section> {
  const texts = tables(COUNT)
  const contenders = startsOf(bench, 'apply', texts).map(([name, start]) => ({
    name,
    measure: () => applyOnce(bench, texts, start),
  }))
  const series = await interleaved(contenders, bench.rounds, bench.onProgress)
  return {
    title: `Applying ${COUNT} migrations of two statements`,
    notes: [
      'Each migration creates a table and, by turns, an index on it or a row in it. Whole processes, from spawn to exit, on a new database.',
      'Ratio: to psql. Target of a peer: no faster than the built migrator in one batch, which is its default.',
    ],
    lines: series.map((each) => lineOf(each, series)),
  }
}

function lineOf({ name, times: measured }: Series, series: readonly Series[]): Line {
  const ms = median(measured)
  const psql = medianOf(series, PSQL)
  const batch = medianOf(series, BATCH) ?? Number.NaN
  const ratio = psql === undefined ? {} : { ratio: times(ms / psql) }
  const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured), ...ratio }
  if (name === PSQL || name === EACH_TSX || name === BATCH_TSX) return line
  const limit = LIMITS[name]
  if (limit !== undefined) {
    if (psql === undefined) return line
    return { ...line, target: `≤ ${limit} × psql`, verdict: verdict(ms / psql <= limit) }
  }
  return { ...line, target: `> 1 × batch (${times(ms / batch)})`, verdict: verdict(ms > batch) }
}

function medianOf(series: readonly Series[], name: string): number | undefined {
  const found = series.find((each) => each.name === name)
  return found && median(found.times)
}

/** Applies the migrations to this database. */
export type Start = (url: string) => Command

/** Everybody who can apply these migrations; the folders that they read are named for the section. */
export function startsOf(bench: Bench, section: string, texts: readonly Text[]): readonly (readonly [string, Start])[] {
  const folder = (name: string, format: formats.Format) => prepared(bench, `${section}-${name}`, format, texts)
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
  return starts.flatMap(([name, start]) => (start ? [[name, start] as const] : []))
}

function dbmateMigrate(file: string, folder: string, url: string): Command {
  const args = ['--url', `${url}?sslmode=disable`, '--migrations-dir', folder, '--no-dump-schema', 'migrate']
  return { file, args, cwd: folder }
}

/** Applies them to a new database, which the program reaches by another URL where one is given. */
export async function applyOnce(
  { server, scratch }: Bench,
  texts: readonly Text[],
  start: Start,
  through: (url: string) => string = (url) => url,
): Promise<number> {
  const { url } = await server.createDatabase()
  const { ms } = await run(start(through(url)), scratch)
  const created = await countIn(url, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'bench\\_%'`)
  if (created !== texts.length) throw new Error(`${created} tables instead of ${texts.length} were created`)
  return ms
}
