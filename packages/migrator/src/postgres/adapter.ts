/**
 * PostgreSQL: implements the ports over postgres.js. Knows no migration files and no plan.
 * This file: the connections that one command opens, and that all of them are closed.
 */
import { randomUUID } from 'node:crypto'
import type { Connection as ConnectionParameters, Target } from '../connection/connection.ts'
import { locationOf } from '../connection/location.ts'
import { readConnection } from '../connection/read.ts'
import { DEFAULT_ARCHIVE_SCHEMA } from '../core/archive-schemas.ts'
import { harmlessly, textOfError } from '../core/harmless.ts'
import type { Operator } from '../core/history.ts'
import { callback, checkOptions, kind, type OptionKinds, someMilliseconds, text } from '../core/options.ts'
import { MigratorError } from '../errors.ts'
import type { BackupStore } from '../ports/backup.ts'
import type { KeptData, Losses } from '../ports/kept-data.ts'
import type {
  Catalog,
  Database,
  DatabaseAddress,
  DatabaseLocation,
  EventLog,
  LockHolder,
  LogRow,
  RunLock,
  Session,
  SessionOptions,
} from '../ports.ts'
import { createActivity } from './activity.ts'
import { backupTableOf, createBackupStore } from './backup-table.ts'
import { type ServerChoice, serverChoice } from './choose-server.ts'
import { type Opened, openClient } from './client.ts'
import { statementFailure } from './failure.ts'
import { createKeptData, DEFAULT_PRESERVED_SCHEMA } from './kept/index.ts'
import { lateCatalog } from './late-catalog.ts'
import { logTableOf, logTableSink, readLog } from './log-table.ts'
import { runLockHolder, tryRunLock } from './run-lock.ts'
import { isConnectionLoss } from './server-error.ts'
import { PostgresSession } from './session.ts'
import { parseTableName, type TableName } from './table-name.ts'
import { TableStateStore } from './table-state-store.ts'
import { whenFree } from './when-free.ts'

export interface PostgresAdapterOptions {
  /** `postgresql://user:password@host:5432/database`. The constructor throws DATABASE_URL_INVALID otherwise. */
  readonly connectionString: string
  /** `table` or `schema.table`; default `public.schema_migrations`. The run lock is derived from it. */
  readonly historyTable?: string | undefined
  /** The schema in which rollbacks preserve data; default `migration_preserved`. It is no part of the catalog. */
  readonly preservedSchema?: string | undefined
  /** Where backups of tables lie, left out of what is compared. Default `migration_archive`. */
  readonly archiveSchema?: string | undefined
  /** How sessions name themselves in pg_stat_activity, behind a label of this adapter's own. */
  readonly applicationName?: string | undefined
  /** For each server that is tried; default: `connect_timeout` of the connection string, and 10,000 ms without one. */
  readonly connectTimeoutMs?: number | undefined
  /** Receives the server's notices. What it throws or rejects with is a warning of the process and disturbs no statement. */
  readonly onNotice?: ((message: string) => unknown) | undefined
}

/**
 * A PostgreSQL database (14 to 18), directly or behind PgBouncer in transaction mode. Opens connections only when asked;
 * `close()` ends every one of them and may be called twice.
 */
export class PostgresAdapter implements Database {
  readonly applicationName: string
  readonly historyStore: TableStateStore
  readonly catalog: Catalog
  readonly backupStore: BackupStore
  readonly activity = createActivity()
  readonly losses: Losses = {
    measure: async (...asked) => (await import('./kept/measure.ts')).losses.measure(...asked),
  }
  readonly keptData: KeptData
  readonly historyTable: TableName
  /** The migrator's tables in this database, which are no part of its schema. */
  readonly ownTables: readonly TableName[]
  readonly #options: PostgresAdapterOptions
  readonly #server: ServerChoice
  readonly #local: boolean
  /** Ends every connection that is open now. */
  readonly #open = new Set<() => Promise<void>>()

  /** Throws USAGE_INVALID for an option that does not exist or can't have that value, DATABASE_URL_INVALID for the URL. */
  constructor(options: PostgresAdapterOptions) {
    checkOptions('PostgresAdapter', options, KINDS)
    this.#options = options
    const connection = readConnection(options.connectionString ?? '')
    this.#local = locationOf(connection).local
    this.applicationName = labelOf(options.applicationName, connection.applicationName)
    this.#server = serverChoice(connection, (several) => this.#reach(several))
    this.historyTable = parseTableName(options.historyTable ?? 'schema_migrations')
    this.historyStore = new TableStateStore({ table: `${this.historyTable.schema}.${this.historyTable.table}` })
    const backups = backupTableOf(this.historyTable)
    this.ownTables = [this.historyTable, logTableOf(this.historyTable), backups]
    this.keptData = createKeptData(options.preservedSchema ?? DEFAULT_PRESERVED_SCHEMA)
    this.catalog = lateCatalog({
      tables: this.ownTables,
      schemas: [this.keptData.schema, options.archiveSchema ?? DEFAULT_ARCHIVE_SCHEMA],
    })
    this.backupStore = createBackupStore(backups)
  }

  /** Of several servers the first, until one is chosen; all of them must be local for it to be local. */
  get location(): DatabaseLocation {
    return { ...locationOf(this.connectionParameters), local: this.#local }
  }

  /** The connection string as it was read, with the server that was chosen. It holds the password. */
  get connectionParameters(): ConnectionParameters {
    return this.#server.current()
  }

  async connect({ modules }: SessionOptions): Promise<Session> {
    const { client, backend, isLost } = await this.#connection(modules)
    return new PostgresSession(client, backend, isLost)
  }

  /** Opens a session on another database of the same server, as the same role. */
  async connectTo(database: string): Promise<Session> {
    const { client, backend, isLost } = await this.#connection(false, database)
    return new PostgresSession(client, backend, isLost)
  }

  async tryRunLock(): Promise<RunLock | undefined> {
    const { client, backend, lost, isLost } = await this.#connection(false)
    let lock: RunLock | undefined
    try {
      lock = await tryRunLock(client, backend, this.historyStore.qualifiedName, lost)
      return lock
    } catch (error) {
      if (backend.pooled && isConnectionLoss(error)) await this.#refuseStatementPooling()
      throw statementFailure(error, {})
    } finally {
      if (!lock) await client.end({ timeout: isLost() ? 0 : 1 })
    }
  }

  /** A pooler that keeps no transactions cuts the connection at the first BEGIN, and does so again. */
  async #refuseStatementPooling(): Promise<void> {
    const { client } = await this.#connection(false)
    try {
      await client.unsafe('BEGIN')
    } catch (cause) {
      const { host, port } = this.location
      const message = `The pooler ${host}:${port} ends every connection that begins a transaction (pool_mode=statement).`
      throw new MigratorError('POOLER_UNSUITABLE', message, { cause })
    } finally {
      await client.end({ timeout: 0 })
    }
  }

  runLockHolder(on: Session): Promise<LockHolder | undefined> {
    return runLockHolder(on, this.historyStore.qualifiedName)
  }

  log(operator: Operator, onWarning: (message: string) => void): EventLog {
    return logTableSink(() => this.connect({ modules: false }), logTableOf(this.historyTable), operator, onWarning)
  }

  readLog(on: Session, limit: number): Promise<readonly LogRow[]> {
    return readLog(on, logTableOf(this.historyTable), limit)
  }

  address(): DatabaseAddress {
    const { connectionString, historyTable, connectTimeoutMs } = this.#options
    return {
      connectionString,
      ...(historyTable === undefined ? {} : { historyTable }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    }
  }

  async close(): Promise<void> {
    const closing = [...this.#open]
    this.#open.clear()
    await Promise.all(closing.map((end) => end()))
  }

  async #reach(connection: ConnectionParameters): Promise<Target> {
    const { client, target } = await this.#dial(connection, false, () => {})
    await client.end({ timeout: 1 })
    return target
  }

  async #connection(fetchTypes: boolean, database?: string): Promise<Connection> {
    const connection = await this.#server.chosen()
    return whenFree(this.#connectTimeoutMs(connection), () => this.#tryConnection(connection, fetchTypes, database))
  }

  async #tryConnection(connection: ConnectionParameters, fetchTypes: boolean, database?: string): Promise<Connection> {
    let isLost = false
    let tellLost = () => {}
    let end = async (): Promise<void> => {}
    const lost = new Promise<void>((resolve) => {
      tellLost = resolve
    })
    const opened = await this.#dial(
      database === undefined ? connection : { ...connection, database },
      fetchTypes,
      () => {
        isLost = true
        this.#open.delete(end)
        tellLost()
      },
    )
    end = () => opened.client.end({ timeout: 1 })
    this.#open.add(end)
    return { ...opened, isLost: () => isLost, lost }
  }

  #connectTimeoutMs(connection: ConnectionParameters): number {
    return this.#options.connectTimeoutMs ?? connection.connectTimeoutMs ?? 10_000
  }

  #dial(connection: ConnectionParameters, fetchTypes: boolean, onClose: () => void): Promise<Opened> {
    return openClient({
      connection,
      applicationName: this.applicationName,
      fetchTypes,
      connectTimeoutMs: this.#connectTimeoutMs(connection),
      onNotice: (message) => harmlessly(() => this.#options.onNotice?.(message), warnOfListener),
      onClose,
    })
  }
}

const KINDS: OptionKinds<PostgresAdapterOptions> = {
  connectionString: kind('a string', (value) => typeof value === 'string'),
  historyTable: text,
  preservedSchema: text,
  archiveSchema: text,
  applicationName: kind('a string', (value) => typeof value === 'string'),
  connectTimeoutMs: someMilliseconds,
  onNotice: callback,
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

interface Connection extends Opened {
  readonly isLost: () => boolean
  readonly lost: Promise<void>
}
