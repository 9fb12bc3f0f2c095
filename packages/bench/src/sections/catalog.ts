import { join } from 'node:path'
import { stopEmbeddedServer } from '@repo/migrator/embedded'
import postgres from 'postgres'
import { PostgresAdapter } from '../../../migrator/src/postgres/adapter.ts'
import { type DumpServer, startDumpServer } from '../../../migrator/test/support/dump-server.ts'
import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { type Command, run } from '../process.ts'
import { migrator } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'
import { countIn } from '../server.ts'

const TABLES = 1_000
const SNAPSHOT_LIMIT_MS = 500
const APPLIED = 100
const PROOF_LIMIT_MS = 50

const DUMP = 'pg_dump --schema-only, whole process'
const SNAPSHOT = 'catalog snapshot, on a new connection'
const WITHOUT = `migrate the ${APPLIED}th, without a lock file`
const WITH = `migrate the ${APPLIED}th, and compare with its certificate`

/** Reading everything that the catalog knows: beside pg_dump, and as what a run does after it has applied. */
export async function catalogSection(bench: Bench): Promise<Section> {
  const dumpServer = await startDumpServer()
  const snapshots = dumpServer ? await snapshotLines(bench, dumpServer).finally(() => dumpServer.stop()) : []
  return {
    title: `The catalog: ${TABLES.toLocaleString('en')} tables beside pg_dump, ${APPLIED} after an apply`,
    notes: [
      `The tables have six columns, a primary key, a foreign key, a check, an index and a comment each; both read them from the PostgreSQL of the pg_dump${dumpServer ? '' : ', which is not installed here'}.`,
      'The last two lines are whole processes on a copy of the same database; the difference is what the proof after a run costs.',
    ],
    lines: [...snapshots, ...(await proofLines(bench))],
  }
}

async function snapshotLines(
  { rounds, scratch, onProgress }: Bench,
  { url, password, programs }: DumpServer,
): Promise<Line[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const adapter = new PostgresAdapter({ connectionString: url })
  try {
    await sql.unsafe(Array.from({ length: TABLES }, (_, at) => definition(at)).join('\n'))
    const dump = async () => {
      const started = performance.now()
      await run(dumpOf(join(programs, 'pg_dump'), url, password), scratch)
      return performance.now() - started
    }
    const snapshot = async () => {
      const started = performance.now()
      const session = await adapter.connect({ modules: false })
      const found = await adapter.catalog.snapshot(session)
      const ms = performance.now() - started
      await session.close()
      if (Object.keys(found).length < TABLES * 8) throw new Error('the snapshot is not whole')
      return ms
    }
    const contenders = [
      { name: DUMP, measure: dump },
      { name: SNAPSHOT, measure: snapshot },
    ]
    const series = await interleaved(contenders, Math.max(5, rounds), onProgress)
    const [base = 1] = series.map((each) => median(each.times))
    return series.map(({ name, times: measured }) => {
      const ms = median(measured)
      const line = { what: name, value: milliseconds(ms), spread: spreadOf(measured), ratio: times(ms / base) }
      if (name === DUMP) return line
      const holds = ms <= SNAPSHOT_LIMIT_MS && ms < base
      return { ...line, target: `≤ ${SNAPSHOT_LIMIT_MS} ms, < 1 ×`, verdict: verdict(holds) }
    })
  } finally {
    await sql.end({ timeout: 1 })
    await adapter.close()
  }
}

function definition(at: number): string {
  const parent = at === 0 ? '' : ` REFERENCES wide_${at - 1}`
  return `CREATE TABLE wide_${at} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint${parent}, name text NOT NULL,
    amount numeric(12,2) DEFAULT 0 CHECK (amount >= 0), doc jsonb, at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX wide_${at}_name ON wide_${at} (lower(name)); COMMENT ON TABLE wide_${at} IS 'number ${at}';`
}

function dumpOf(file: string, url: string, password: string): Command {
  const { hostname, port, username, pathname } = new URL(url)
  const where = ['-h', hostname, '-p', port, '-U', username, '-d', pathname.slice(1)]
  return { file, args: ['--schema-only', '-f', '/dev/null', ...where], cwd: '/', env: { PGPASSWORD: password } }
}

/** The same run with a certificate to compare with and without: the last migration of a history. */
async function proofLines(bench: Bench): Promise<Line[]> {
  const { server, scratch, builtBin, rounds, onProgress } = bench
  const texts = tables(APPLIED)
  const without = prepared(bench, 'catalog-without', formats.ours, texts)
  const proven = prepared(bench, 'catalog-with', formats.ours, texts)
  const last = `${texts.at(-1)?.id}_bench`
  await run(migrator(builtBin, ['rehearse', last, '--write'], proven, ''), scratch).finally(() =>
    stopEmbeddedServer({ directory: join(proven, '.data', 'scratch') }),
  )
  const base = await server.createDatabase()
  await run(migrator(builtBin, ['migrate', '--target', `${texts.at(-2)?.id}_bench`], without, base.url), scratch)
  const migrated = (folder: string) => async () => {
    const { url } = await server.createDatabase(base.name)
    const { ms } = await run(migrator(builtBin, ['migrate'], folder, url), scratch)
    const created = await countIn(url, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'bench\\_%'`)
    if (created !== APPLIED) throw new Error(`${created} tables instead of ${APPLIED}`)
    return ms
  }
  const contenders = [
    { name: WITHOUT, measure: migrated(without) },
    { name: WITH, measure: migrated(proven) },
  ]
  const series = await interleaved(contenders, Math.max(9, rounds), onProgress)
  const [bare = 0, compared = 0] = series.map((each) => median(each.times))
  const line = (name: string, measured: readonly number[]) => {
    return { what: name, value: milliseconds(median(measured)), spread: spreadOf(measured) }
  }
  return [
    ...series.map(({ name, times: measured }) => line(name, measured)),
    {
      what: 'the difference',
      value: milliseconds(compared - bare),
      target: `≤ ${PROOF_LIMIT_MS} ms`,
      verdict: verdict(compared - bare <= PROOF_LIMIT_MS),
    },
  ]
}
