import postgres from 'postgres'
import { systemClock } from '../../../migrator/src/clock.ts'
import { PostgresAdapter } from '../../../migrator/src/dialects/postgres/adapter.ts'
import { createTablesProvider } from '../../../migrator/src/dialects/postgres/backup/tables/provider.ts'
import type { Bench } from '../bench.ts'
import { milliseconds, type Section, spreadOf, times, verdict } from '../result.ts'
import { interleaved, median } from '../rounds.ts'

const TARGET = 1.2

/** A backup of the touched tables beside the bare CREATE TABLE … AS, which is the least that it can cost. */
export async function tablesBackupSection({ server, rounds, size, onProgress }: Bench): Promise<Section> {
  const rows = size === 'quick' ? 100_000 : 1_000_000
  const { url } = await server.createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const adapter = new PostgresAdapter({ connectionString: url })
  try {
    for (const statement of fill(rows)) await sql.unsafe(statement)
    const provider = createTablesProvider({
      connect: () => adapter.connect({ modules: false }),
      location: adapter.location,
      toolVersion: 'bench',
      clock: systemClock,
    })
    const contenders = [
      {
        name: BARE,
        measure: () => timed(sql, () => sql.unsafe('CREATE TABLE bare AS TABLE events'), 'DROP TABLE bare'),
      },
      {
        name: OURS,
        measure: async () => {
          const ms = await timed(sql, () => provider.before(scopeOf(adapter), WATCH))
          for (const { id } of await provider.list()) await provider.remove(id)
          return ms
        },
      },
    ]
    const series = await interleaved(contenders, rounds, onProgress)
    const [bare = 1] = series.map((each) => median(each.times))
    return {
      title: `Backup of a table with ${rows.toLocaleString('en')} rows`,
      notes: [
        'In one process that is running already, each after a CHECKPOINT. The backup also finds out what is touched, counts and records.',
      ],
      lines: series.map(({ name, times: measured }) => {
        const line = { what: name, value: milliseconds(median(measured)), spread: spreadOf(measured) }
        const ratio = median(measured) / bare
        if (name === BARE) return line
        return { ...line, ratio: times(ratio), target: `≤ ${TARGET} ×`, verdict: verdict(ratio <= TARGET) }
      }),
    }
  } finally {
    await sql.end({ timeout: 1 })
    await adapter.close()
  }
}

const BARE = 'CREATE TABLE … AS, bare'
const OURS = 'backup provider tables'

function fill(rows: number): readonly string[] {
  return [
    `CREATE TABLE events (
       id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, kind text NOT NULL, doc jsonb, amount numeric)`,
    `INSERT INTO events (at, kind, doc, amount)
       SELECT timestamptz '2026-01-01' + n * interval '1 s', 'kind ' || n % 50, jsonb_build_object('n', n, 'who', 'user' || n % 1000), n / 100.0
         FROM generate_series(1, ${rows}) AS n`,
    'VACUUM ANALYZE events',
  ]
}

async function timed(sql: postgres.Sql, work: () => PromiseLike<unknown>, after?: string): Promise<number> {
  await sql.unsafe('CHECKPOINT')
  const started = performance.now()
  await work()
  const ms = performance.now() - started
  if (after !== undefined) await sql.unsafe(after)
  return ms
}

const WATCH = { signal: new AbortController().signal, began: async () => {}, progress: () => {} }

function scopeOf({ location }: PostgresAdapter) {
  const step = { id: '0001_drop', direction: 'up' as const, sql: 'ALTER TABLE events DROP COLUMN doc' }
  const operation = 'migrate' as const
  return {
    kind: 'run' as const,
    operation,
    runId: 'bench',
    steps: [step],
    database: location,
    operator: {},
    askedAt: new Date(),
  }
}
