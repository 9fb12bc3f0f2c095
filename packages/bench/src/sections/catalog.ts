import { join } from 'node:path'
import postgres from 'postgres'
import { PostgresAdapter } from '../../../migrator/src/dialects/postgres/adapter.ts'
import { type DumpServer, startDumpServer } from '../../../migrator/test/support/dump-server.ts'
import type { Bench } from '../bench.ts'
import { type Command, run } from '../process.ts'
import { type Line, milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'

const TABLES = 1_000
const SNAPSHOT_LIMIT_MS = 500
const APPLIED = 100
const PROOF_LIMIT_MS = 50

const DUMP = 'pg_dump --schema-only, whole process'
const SNAPSHOT = 'catalog snapshot, on a new connection'
const PROOF = `fingerprint of ${APPLIED} tables, after an apply`

/** Reading everything that the catalog knows: beside pg_dump, and as what a run does after it has applied. */
export async function catalogSection(bench: Bench): Promise<Section> {
  const dumpServer = await startDumpServer()
  const snapshots = dumpServer ? await snapshotLines(bench, dumpServer).finally(() => dumpServer.stop()) : []
  return {
    title: `The catalog: ${TABLES.toLocaleString('en')} tables beside pg_dump, ${APPLIED} after an apply`,
    notes: [
      `The tables have six columns, a primary key, a foreign key, a check, an index and a comment each; pg_dump and the snapshot read them from the PostgreSQL of that pg_dump${dumpServer ? '' : ', which is not installed here'}.`,
      'The last line is what every run adds when its steps are done, on the connection that applied them.',
    ],
    lines: [...snapshots, await proofLine(bench)],
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

/** What a run does when its steps are done: it takes the fingerprint, on the session that applied them. */
async function proofLine({ server, rounds, onProgress }: Bench): Promise<Line> {
  const texts = Array.from({ length: APPLIED }, (_, at) => definition(at))
  const base = await server.createDatabase()
  const sql = postgres(base.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(texts.slice(0, -1).join('\n'))
  await sql.end()
  const measure = async () => {
    const { url } = await server.createDatabase(base.name)
    const adapter = new PostgresAdapter({ connectionString: url })
    const session = await adapter.connect({ modules: false })
    await session.execute(texts.at(-1) ?? '')
    const started = performance.now()
    await adapter.catalog.fingerprint(session)
    const ms = performance.now() - started
    await session.close()
    await adapter.close()
    return ms
  }
  const [series] = await interleaved([{ name: PROOF, measure }], Math.max(9, rounds), onProgress)
  const measured = series?.times ?? []
  const ms = median(measured)
  const told = { what: PROOF, value: milliseconds(ms), spread: spreadOf(measured) }
  return { ...told, target: `≤ ${PROOF_LIMIT_MS} ms`, verdict: verdict(ms <= PROOF_LIMIT_MS) }
}
