import { MigratorError } from '../../../errors.ts'
import type { SessionAttributes, SslMode, Target } from '../connection/connection.ts'

/**
 * An application's own client, known by its shape: a postgres.js `sql`, a node-postgres `Pool`, or a node-postgres `Client`.
 * Drizzle keeps the one that it was made with in `db.$client`.
 */
export type GivenClient =
  | { readonly options: object }
  | { readonly host: string; readonly port: number; readonly query: (...args: never[]) => unknown }

/** How a client connects, as far as the migrator can connect the same way. */
export interface ClientSettings {
  readonly targets: readonly Target[]
  readonly database: string
  readonly user: string
  readonly password: unknown
  readonly ssl: ClientSsl
  readonly negotiation: 'postgres' | 'direct'
  readonly session: SessionAttributes
  readonly startup: Readonly<Record<string, unknown>>
  readonly connectTimeoutMs: number | undefined
}

export interface ClientSsl {
  readonly mode: SslMode
  /** Options of Node's TLS, which verifies the server unless they say otherwise. */
  readonly given?: Readonly<Record<string, unknown>>
}

export function cannotUse(why: string, hint = USUAL_HINT): MigratorError {
  return new MigratorError('USAGE_INVALID', `PostgresAdapter: client ${why}.`, { hint, details: { option: 'client' } })
}

const USUAL_HINT = 'Give the adapter a connectionString instead.'

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null
}
