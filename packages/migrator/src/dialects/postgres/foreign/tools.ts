import type { ForeignKey, ForeignRow } from '../../../core/foreign-history.ts'

/** One row of a table, every column as text. */
export type TextRow = Readonly<Record<string, string | null>>

/** How one tool keeps its history. */
export interface HistoryTool {
  readonly tool: string
  /** The table's usual name, in whichever schema. */
  readonly table: string
  /** The columns that tell it from other tables. */
  readonly columns: readonly string[]
  /** Columns that another tool's table of the same name has. */
  readonly without?: readonly string[]
  readonly orderBy: string
  readonly newestOnly?: boolean
  /** Undefined for a row that is no applied migration. */
  row(row: TextRow): ForeignRow | undefined
  /** Says what is wrong with a row of a migration that failed. */
  broken?(row: TextRow): string | undefined
  /** Leaves the rows that hold, where later rows revoke earlier ones. */
  settle?(rows: readonly TextRow[]): readonly TextRow[]
}

const byNumber = (number: string | null | undefined): ForeignKey => ({ by: 'number', number: number ?? '' })
const byName = (name: string | null | undefined): ForeignKey => ({ by: 'name', name: withoutEnding(name ?? '') })

/** `20240101_a.js` → `20240101_a`. */
function withoutEnding(name: string): string {
  return name.replace(/\.(?:[mc]?[jt]s|sql)$/, '')
}

/** Timestamps without a zone are the server's; they were written as UTC by every tool here. */
function time(text: string | null | undefined): string | undefined {
  if (!text) return undefined
  const iso = text
    .trim()
    .replace(' ', 'T')
    .replace(/([+-]\d\d)$/, '$1:00')
  const date = new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** The last row of each key decides. */
function lastOf(key: string): (rows: readonly TextRow[]) => readonly TextRow[] {
  return (rows) => {
    const last = new Map<string, TextRow>()
    for (const row of rows) {
      last.delete(row[key] ?? '')
      last.set(row[key] ?? '', row)
    }
    return [...last.values()]
  }
}

export const historyTools: readonly HistoryTool[] = [
  {
    tool: 'drizzle-kit',
    table: '__drizzle_migrations',
    columns: ['id', 'hash', 'created_at'],
    orderBy: 'created_at, id',
    row: ({ hash, created_at: at }) => ({
      key: { by: 'journal', when: Number(at), hash: hash ?? '' },
      from: `${(hash ?? '').slice(0, 12)} of ${time(new Date(Number(at)).toISOString())}`,
      appliedAt: new Date(Number(at)).toISOString(),
    }),
  },
  {
    tool: 'golang-migrate',
    table: 'schema_migrations',
    columns: ['version', 'dirty'],
    without: ['checksum'],
    orderBy: 'version',
    newestOnly: true,
    row: ({ version }) => ({ key: byNumber(version), from: `version ${version}` }),
    broken: ({ version, dirty }) => (dirty === 'true' ? `version ${version} is dirty` : undefined),
  },
  {
    tool: 'Supabase',
    table: 'schema_migrations',
    columns: ['version', 'statements'],
    orderBy: 'version',
    row: ({ version }) => ({ key: byNumber(version), from: `version ${version}` }),
  },
  {
    tool: 'dbmate',
    table: 'schema_migrations',
    columns: ['version'],
    without: ['dirty', 'checksum', 'statements'],
    orderBy: 'version',
    row: ({ version }) => ({ key: byNumber(version), from: `version ${version}` }),
  },
  {
    tool: 'goose',
    table: 'goose_db_version',
    columns: ['version_id', 'is_applied', 'tstamp'],
    orderBy: 'id',
    settle: lastOf('version_id'),
    row: ({ version_id: version, is_applied: applied, tstamp }) =>
      applied === 'true' && version !== '0'
        ? { key: byNumber(version), from: `version ${version}`, appliedAt: time(tstamp) }
        : undefined,
  },
  {
    tool: 'diesel',
    table: '__diesel_schema_migrations',
    columns: ['version', 'run_on'],
    orderBy: 'run_on, version',
    row: ({ version, run_on: at }) => ({ key: byNumber(version), from: `version ${version}`, appliedAt: time(at) }),
  },
  {
    tool: 'sqlx',
    table: '_sqlx_migrations',
    columns: ['version', 'success', 'installed_on'],
    orderBy: 'version',
    row: ({ version, installed_on: at }) => ({
      key: byNumber(version),
      from: `version ${version}`,
      appliedAt: time(at),
    }),
    broken: ({ version, success }) => (success === 'false' ? `version ${version} failed` : undefined),
  },
  {
    tool: 'Prisma',
    table: '_prisma_migrations',
    columns: ['migration_name', 'finished_at', 'rolled_back_at', 'checksum'],
    orderBy: 'started_at',
    row: ({ migration_name: name, finished_at: at, rolled_back_at: undone, checksum }) =>
      undone === null && at !== null
        ? {
            key: { by: 'name', name: name ?? '' },
            from: name ?? '',
            appliedAt: time(at),
            checksum: checksum ?? undefined,
          }
        : undefined,
    broken: ({ migration_name: name, finished_at: at, rolled_back_at: undone }) =>
      at === null && undone === null ? `${name} failed` : undefined,
  },
  {
    tool: 'node-pg-migrate',
    table: 'pgmigrations',
    columns: ['name', 'run_on'],
    orderBy: 'id',
    row: ({ name, run_on: at }) => ({ key: byName(name), from: name ?? '', appliedAt: time(at) }),
  },
  {
    tool: 'Flyway',
    table: 'flyway_schema_history',
    columns: ['installed_rank', 'version', 'script', 'success'],
    orderBy: 'installed_rank',
    settle: (rows) => lastOf('version')(rows.filter(({ version }) => version !== null)),
    row: ({ type, script, installed_on: at }) =>
      type === 'SQL' ? { key: byName(script), from: script ?? '', appliedAt: time(at) } : undefined,
    broken: ({ script, success, type }) =>
      success === 'false' ? `${script} failed` : type === 'BASELINE' ? `${script} is a baseline` : undefined,
  },
  {
    tool: 'Knex',
    table: 'knex_migrations',
    columns: ['name', 'batch', 'migration_time'],
    orderBy: 'id',
    row: ({ name, migration_time: at }) => ({ key: byName(name), from: name ?? '', appliedAt: time(at) }),
  },
  {
    tool: 'Kysely',
    table: 'kysely_migration',
    columns: ['name', 'timestamp'],
    orderBy: 'timestamp, name',
    row: ({ name, timestamp }) => ({ key: byName(name), from: name ?? '', appliedAt: time(timestamp) }),
  },
  {
    tool: 'Sequelize',
    table: 'SequelizeMeta',
    columns: ['name'],
    orderBy: 'name',
    row: ({ name }) => ({ key: byName(name), from: name ?? '' }),
  },
]
