import { openPool } from '@repo/migrator'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { readEnv } from './env.ts'
import * as schema from './schema/index.ts'

/** Drizzle bound to this product's schema. Also what a `db.transaction` callback gets, so helpers can take either. */
export type Database = PostgresJsDatabase<typeof schema>

export interface ClientOptions {
  /** Default: DATABASE_URL, from the environment or `.env`. */
  readonly url?: string
  /** Connections at most, default 10. All processes together must stay below the server's `max_connections`. */
  readonly max?: number
  /** Shown in `pg_stat_activity`, default `@repo/database`; names the holder when a migration waits for a lock. */
  readonly applicationName?: string
  /** Default 10. Too low makes a slow network look like a database that is down. */
  readonly connectTimeoutSeconds?: number
}

export interface Client {
  readonly db: Database
  /** Waits up to 5 s for queries under way, then closes the connections. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Makes a pool of connections and a Drizzle database over it. Nothing connects before the first query, so a wrong
 * address shows there. The caller owns the client and closes it; an open one keeps the process alive.
 * The postgres.js client is not handed out: Drizzle changes how it reads and writes dates.
 * The URL is read as the db:* commands read it. Throws an Error when it cannot be read, or there is none; the message
 * never has the password.
 */
export function createClient(options: ClientOptions = {}): Client {
  const url = options.url ?? readEnv().databaseUrl
  if (url === undefined) {
    throw new Error('DATABASE_URL is not set. Set it, write it to .env at the root, or pass `url` to createClient.')
  }
  const connections = openPool(url, {
    max: options.max ?? 10,
    applicationName: options.applicationName ?? '@repo/database',
    connectTimeoutSeconds: options.connectTimeoutSeconds ?? 10,
  })
  return {
    db: drizzle(connections, { schema }),
    close: () => connections.end({ timeout: 5 }),
  }
}
