/**
 * PostgreSQL: implements the ports over postgres.js. Knows no migration files and no plan.
 * This file: the connections that one command opens, and that all of them are closed.
 */
import { randomUUID } from 'node:crypto'
import { DEFAULT_ARCHIVE_SCHEMA } from '../../core/archive-schemas.ts'
import { harmlessly, textOfError } from '../../core/harmless.ts'
import type { Operator } from '../../core/history.ts'
import { once } from '../../core/once.ts'
import {
  callback,
  checkOptions,
  kind,
  milliseconds,
  type OptionKinds,
  refusal,
  someMilliseconds,
  text,
} from '../../core/options.ts'
import { MigratorError } from '../../errors.ts'
import type { Activity } from '../../ports/activity.ts'
import type { BackupStore } from '../../ports/backup.ts'
import type { Catalog } from '../../ports/catalog.ts'
import type { Capabilities, Database, DatabaseAddress, SessionOptions } from '../../ports/database.ts'
import type { EventLog, LogRow } from '../../ports/events.ts'
import type { KeptData, Losses } from '../../ports/kept-data.ts'
import type { DatabaseLocation } from '../../ports/location.ts'
import type { ProtectionMarks } from '../../ports/protection.ts'
import type { LockHolder, RunLock } from '../../ports/run-lock.ts'
import type { SchemaSource, SchemaSourceOptions } from '../../ports/schema-source.ts'
import type { ScriptLanguage } from '../../ports/script-language.ts'
import { lateCatalog } from './catalog/late-catalog.ts'
import type { OwnObjects } from './catalog/scope.ts'
import type { Connection as ConnectionParameters, Target } from './connection/connection.ts'
import { locationOf } from './connection/location.ts'
import { readConnection } from './connection/read.ts'
import { writtenConnection } from './connection/written.ts'
import { statementFailure } from './failure/failure.ts'
import { type GivenClient, isRecord } from './given-client/client.ts'
import { readClient } from './given-client/read.ts'
import { backupTableOf, createBackupStore } from './history/backup-table.ts'
import { logTableOf, logTableSink, readLog } from './history/log-table.ts'
import { protectionMarks } from './history/protection-marks.ts'
import { runLockHolder, tryRunLock } from './history/run-lock.ts'
import { parseTableName, type TableName } from './history/table-name.ts'
import { TableStateStore } from './history/table-state-store.ts'
import { createKeptData, DEFAULT_PRESERVED_SCHEMA } from './kept/index.ts'
import { postgresScript } from './script/language.ts'
import { createActivity } from './session/activity.ts'
import { endSessionOf } from './session/end-session.ts'
import { refuseWithoutRoom } from './session/room.ts'
import { PostgresSession } from './session/session.ts'
import type { SqlSession } from './session/sql-session.ts'
import { whenFree } from './session/when-free.ts'
import { type ServerChoice, serverChoice } from './wire/choose-server.ts'
import { openConnection } from './wire/client.ts'
import { createLiveness, type Liveness } from './wire/liveness.ts'
import type { OpenConnection } from './wire/open-connection.ts'
import { withPassFile } from './wire/pass-file.ts'

export interface PostgresAdapterOptions {
  /**
   * `postgresql://user:password@host:5432/database`, or `host=… port=… dbname=… user=… password=…`. The constructor throws
   * DATABASE_URL_INVALID otherwise.
   */
  readonly connectionString?: string | undefined
  /**
   * Instead of a connection string: the application's own client, a postgres.js `sql`, a node-postgres `Pool` or
   * `Client` (Drizzle's `db.$client`). Its host, port or socket, database, user, password (a function too), TLS,
   * start-up settings and connect timeout are taken over; its limits on statements, its types, and what it does when it
   * connects are not. The migrator opens its own sessions: it never uses, borrows or ends the client's. The constructor
   * throws USAGE_INVALID for a client with a custom transport: a stream, a socket function, a WebSocket.
   */
  readonly client?: GivenClient | undefined
  /** What errors and warnings call the connection string; default `DATABASE_URL`, and `client` for a client. */
  readonly connectionName?: string | undefined
  /** `table` or `schema.table`; default `public.schema_migrations`. The run lock is derived from it. */
  readonly historyTable?: string | undefined
  /** The schema in which rollbacks preserve data; default `migration_preserved`. It is not part of the catalog. */
  readonly preservedSchema?: string | undefined
  /** The schema for backups of tables, left out of what is compared. Default `migration_archive`. */
  readonly archiveSchema?: string | undefined
  /** The name of its sessions in pg_stat_activity, after this adapter's own label. */
  readonly applicationName?: string | undefined
  /** For each server that is tried; default: `connect_timeout` of the connection string, and 10,000 ms without one. */
  readonly connectTimeoutMs?: number | undefined
  /**
   * After this time an unresponsive connection is given up with CONNECTION_LOST, even in the middle of a long
   * statement. A run whose process is paused for this long loses its run lock. Default 30,000 ms; 0 waits forever.
   */
  readonly livenessTimeoutMs?: number | undefined
  /** Receives the server's notices. What it throws or rejects with is a warning of the process and disturbs no statement. */
  readonly onNotice?: ((message: string) => unknown) | undefined
}

const DEFAULT_LIVENESS_MS = 30_000

/**
 * A PostgreSQL database (14 to 18), directly or behind PgBouncer in transaction mode. Opens connections only when
 * needed; `close()` closes them all and may be called twice.
 */
export class PostgresAdapter implements Database {
  readonly applicationName: string
  readonly historyStore: TableStateStore
  readonly catalog: Catalog
  readonly script: ScriptLanguage = postgresScript
  readonly capabilities: Capabilities = { atomic: 'schema-and-data', oneTransactionForAll: true, rehearsal: true }
  readonly backupStore: BackupStore
  readonly activity: Activity
  readonly losses: Losses = {
    measure: async (...asked) => (await import('./kept/measure.ts')).losses.measure(...asked),
  }
  readonly keptData: KeptData
  readonly protectionMarks: ProtectionMarks = protectionMarks
  readonly historyTable: TableName
  /** The migrator's tables in this database, which do not belong to its schema. */
  readonly ownTables: readonly TableName[]
  /** The same with the schemas in which it keeps data. */
  readonly ownObjects: OwnObjects
  readonly #options: PostgresAdapterOptions
  readonly #server: ServerChoice
  readonly #everywhere: Pick<DatabaseLocation, 'local' | 'container'>
  readonly #livenessTimeoutMs: number
  readonly #liveness: Liveness
  readonly #open = new Set<OpenConnection>()

  /** Throws USAGE_INVALID for an option that does not exist or can't have that value, DATABASE_URL_INVALID for the URL. */
  constructor(options: PostgresAdapterOptions) {
    checkOptions('PostgresAdapter', options, KINDS)
    this.#options = options
    const connection = withPassFile(connectionOf(options))
    const { local, container } = locationOf(connection)
    this.#everywhere = { local, container }
    this.applicationName = labelOf(options.applicationName, connection.applicationName)
    this.#server = serverChoice(connection, (several) => this.#reach(several))
    this.historyTable = parseTableName(options.historyTable ?? 'schema_migrations')
    this.activity = createActivity(() => this.#pidsInUse(), this.historyTable)
    this.historyStore = new TableStateStore({ table: `${this.historyTable.schema}.${this.historyTable.table}` })
    const backups = backupTableOf(this.historyTable)
    this.ownTables = [this.historyTable, logTableOf(this.historyTable), backups]
    this.keptData = createKeptData(options.preservedSchema ?? DEFAULT_PRESERVED_SCHEMA)
    this.ownObjects = {
      tables: this.ownTables,
      schemas: [this.keptData.schema, options.archiveSchema ?? DEFAULT_ARCHIVE_SCHEMA],
    }
    this.catalog = lateCatalog(this.ownObjects)
    this.backupStore = createBackupStore(backups)
    this.#livenessTimeoutMs = options.livenessTimeoutMs ?? DEFAULT_LIVENESS_MS
    this.#liveness = createLiveness({
      timeoutMs: this.#livenessTimeoutMs,
      label: this.#label,
      open: async (limitMs) => new PostgresSession(await this.#connection(false, { limitMs, whenBusy: 'reject' })),
    })
  }

  /** What the names of this adapter's sessions begin with; no other adapter's do. */
  get #label(): string {
    return this.applicationName.split(' ')[0] ?? ''
  }

  /** Of several servers the first, until one is chosen; all of them must be local for it to be local. */
  get location(): DatabaseLocation {
    return { ...locationOf(this.connectionParameters), ...this.#everywhere }
  }

  /** The connection string as it was read, with the server that was chosen. It holds the password. */
  get connectionParameters(): ConnectionParameters {
    return this.#server.current()
  }

  async connect({ modules }: SessionOptions): Promise<SqlSession> {
    return new PostgresSession(await this.#connection(modules))
  }

  async replace(lost: SqlSession, options: SessionOptions): Promise<SqlSession> {
    const limitMs = (this.#livenessTimeoutMs || DEFAULT_LIVENESS_MS) / 3
    const session = new PostgresSession(await this.#connection(options.modules, { limitMs }))
    await endSessionOf(lost, { on: session, label: this.#label, others: this.#pidsInUse(), limitMs })
    return session
  }

  /** Opens a session on another database of the same server, as the same role. */
  async connectTo(database: string): Promise<SqlSession> {
    return new PostgresSession(await this.#connection(false, { database }))
  }

  async tryRunLock(): Promise<RunLock | undefined> {
    const connection = await this.#connection(false)
    let lock: RunLock | undefined
    try {
      lock = await tryRunLock(connection, this.historyStore.qualifiedName, this.#livenessTimeoutMs)
      if (lock) this.#liveness.keepAlive(connection)
      return lock
    } catch (error) {
      if (connection.backend.pooled && connection.isLost) await this.#refuseStatementPooling()
      throw statementFailure(error, {})
    } finally {
      if (!lock) await connection.end()
    }
  }

  /** A pooler that keeps no transactions cuts the connection at the first BEGIN, and does so again. */
  async #refuseStatementPooling(): Promise<void> {
    const connection = await this.#connection(false)
    try {
      await connection.track(connection.client.unsafe('BEGIN'))
    } catch (cause) {
      const { host, port } = this.location
      const message = `The pooler ${host}:${port} closes every connection that begins a transaction (pool_mode=statement).`
      throw new MigratorError('POOLER_UNSUITABLE', message, { cause })
    } finally {
      await connection.end()
    }
  }

  refuseWithoutRoom(on: SqlSession): Promise<void> {
    return refuseWithoutRoom(on, this.location)
  }

  runLockHolder(on: SqlSession): Promise<LockHolder | undefined> {
    return runLockHolder(on, this.historyStore.qualifiedName)
  }

  log(operator: Operator, onWarning: (message: string) => void): EventLog {
    return logTableSink(() => this.connect({ modules: false }), logTableOf(this.historyTable), operator, onWarning)
  }

  readLog(on: SqlSession, limit: number): Promise<readonly LogRow[]> {
    return readLog(on, logTableOf(this.historyTable), limit)
  }

  address(): DatabaseAddress {
    const { connectionString, historyTable, connectTimeoutMs } = this.#options
    return {
      ...(connectionString === undefined ? writtenConnection(this.connectionParameters) : { connectionString }),
      ...(historyTable === undefined ? {} : { historyTable }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    }
  }

  /** By pg_dump where one fits the server and can connect with what is known, otherwise from the system catalogs. */
  schemaSource(options: SchemaSourceOptions): SchemaSource {
    const { connectionString, complete = true } = this.address()
    const source = once(async () => {
      const { createSchemaSource } = await import('./schema-script/index.ts')
      return createSchemaSource({
        ...options,
        own: this.ownObjects,
        connectionString: complete ? connectionString : undefined,
        // Of several servers it is known once one was reached.
        location: this.location,
      })
    })
    return {
      script: async (on) => (await source()).script(on),
      snapshot: async (on) => (await source()).snapshot(on),
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.end()))
  }

  #pidsInUse(): readonly number[] {
    return [...this.#open].flatMap((connection) => connection.serverPid ?? [])
  }

  async #reach(connection: ConnectionParameters): Promise<Target> {
    const opened = await this.#dial(connection, false)
    await opened.end()
    return opened.target
  }

  async #connection(
    arrays: boolean,
    { database, limitMs = Infinity, whenBusy = 'wait' }: ConnectionWishes = {},
  ): Promise<OpenConnection> {
    const chosen = await this.#server.chosen()
    const to = database === undefined ? chosen : { ...chosen, database }
    const withinMs = Math.min(this.#connectTimeoutMs(chosen), limitMs, this.#liveness.leftMs())
    const dial = () => this.#dial(to, arrays, withinMs)
    const connection = await (whenBusy === 'wait' ? whenFree(withinMs, dial) : dial())
    this.#open.add(connection)
    void connection.lost.then(() => this.#open.delete(connection))
    this.#liveness.watch(connection)
    return connection
  }

  #connectTimeoutMs(connection: ConnectionParameters): number {
    return this.#options.connectTimeoutMs ?? connection.connectTimeoutMs ?? 10_000
  }

  #dial(
    connection: ConnectionParameters,
    arrays: boolean,
    connectTimeoutMs = this.#connectTimeoutMs(connection),
  ): Promise<OpenConnection> {
    return openConnection({
      connection,
      applicationName: this.applicationName,
      arrays,
      connectTimeoutMs,
      silence: this.#liveness.silence(),
      onNotice: (message) => harmlessly(() => this.#options.onNotice?.(message), warnOfListener),
    })
  }
}

interface ConnectionWishes {
  readonly database?: string
  readonly limitMs?: number
  /** Default `wait`. */
  readonly whenBusy?: 'wait' | 'reject'
}

const KINDS: OptionKinds<PostgresAdapterOptions> = {
  connectionString: kind('a string', (value) => typeof value === 'string'),
  client: kind('a client of postgres.js or node-postgres', isRecord),
  connectionName: text,
  historyTable: text,
  preservedSchema: text,
  archiveSchema: text,
  applicationName: kind('a string', (value) => typeof value === 'string'),
  connectTimeoutMs: someMilliseconds,
  livenessTimeoutMs: milliseconds,
  onNotice: callback,
}

function connectionOf({ client, connectionString, connectionName }: PostgresAdapterOptions): ConnectionParameters {
  if (client === undefined) return readConnection(connectionString ?? '', connectionName)
  if (connectionString === undefined) return readClient(client, connectionName ?? 'client')
  throw refusal('PostgresAdapter', 'connectionString and client cannot be combined.', 'client')
}

function warnOfListener(error: unknown): void {
  process.emitWarning(`onNotice failed, which changed nothing else: ${textOfError(error)}`)
}

/** Unique, so that a recovery finds this run's sessions by it: as the server keeps it, in 63 characters of ASCII. */
function labelOf(...names: readonly (string | undefined)[]): string {
  const given = names.filter(Boolean).join(' ')
  return `migrator/${randomUUID().slice(0, 8)} ${given}`
    .trim()
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 63)
}
