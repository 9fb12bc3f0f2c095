// The only file of this app that reads the environment.
import { loadDotEnv } from '@repo/database'
import { StartError } from './start-error.ts'

export interface Env {
  readonly host: string
  /** 0 lets the system choose a free one. */
  readonly port: number
  /** Undefined where nothing is set: the embedded PostgreSQL of local development is used then. */
  readonly databaseUrl: string | undefined
}

/**
 * Reads HOST, PORT and DATABASE_URL, after loading `.env` at the repository's root if there is one.
 * What the environment already says wins over the file. An empty variable counts as unset.
 * Throws StartError (exit 2) for a value that cannot be used.
 */
export function readEnv(): Env {
  loadDotEnv()
  return parseEnv(process.env)
}

export function parseEnv(values: Readonly<Record<string, string | undefined>>): Env {
  return {
    host: values.HOST || '127.0.0.1',
    port: parsePort(values.PORT || '3000'),
    databaseUrl: parseDatabaseUrl(values),
  }
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new StartError(`PORT is ${JSON.stringify(text)}: set it to a number from 0 to 65535, e.g. PORT=3000.`, 2)
}

/** The messages leave the value out: it holds a password. */
function parseDatabaseUrl(values: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = values.DATABASE_URL || undefined
  if (url === undefined && values.NODE_ENV === 'production') {
    throw new StartError('DATABASE_URL is not set. With NODE_ENV=production the embedded PostgreSQL is not used.', 2)
  }
  if (url !== undefined && !/^(?:postgres(?:ql)?:\/\/|\s*\w+\s*=)/.test(url)) {
    throw new StartError(
      'DATABASE_URL must begin with postgresql:// (postgresql://USER:PASSWORD@HOST:PORT/DATABASE), or be host=… dbname=….',
      2,
    )
  }
  return url
}
