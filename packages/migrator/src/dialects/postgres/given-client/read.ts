/**
 * Connection parameters out of an application's own client. It is only read: nothing is sent over its connections, none is
 * taken from it, and it is never ended.
 * This file: which kind of client it is, and the connection that its settings make.
 */
import { MigratorError } from '../../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type ClientSettings, cannotUse, isRecord } from './client.ts'
import { clientSettings, poolSettings } from './node-postgres.ts'
import { isPostgresJs, postgresJsSettings } from './postgres-js.ts'

/** Throws USAGE_INVALID for a client of which the migrator could not connect the same way. */
export function readClient(client: unknown, name: string): Connection {
  const { targets, database, user, password, ssl, negotiation, session, startup, connectTimeoutMs } = settingsOf(client)
  return {
    name,
    targets,
    session,
    database,
    user,
    password: typeof password === 'string' ? password : '',
    ...(typeof password === 'function' ? { askPassword: () => askFor(password as () => unknown) } : {}),
    passFile: '',
    tls: {
      mode: ssl.mode,
      ...(ssl.given ? { given: withKey(ssl.given) } : {}),
      negotiation,
      rootCertificate: undefined,
      revocationList: undefined,
      certificate: undefined,
      key: undefined,
      keyPassword: undefined,
      minVersion: undefined,
      maxVersion: undefined,
      serverName: 'sent',
    },
    applicationName: '',
    connectTimeoutMs,
    startup: settingsToCarry(startup),
    onlyLibpq: {},
    notices: [],
  }
}

function settingsOf(client: unknown): ClientSettings {
  if (!isRecord(client)) throw cannotUse('is not a client')
  if ('$client' in client) throw cannotUse('is a Drizzle database, not its client', 'Pass db.$client.')
  if (isPostgresJs(client)) return postgresJsSettings(client.options)
  if (isRecord(client.connectionParameters)) return clientSettings(client)
  if (isRecord(client.options) && typeof client.Client === 'function') return poolSettings(client)
  throw cannotUse(
    'is not one that connection parameters can be read from',
    'Pass a postgres.js sql (not a transaction or a reserved connection), a node-postgres Pool or Client; or a connectionString.',
  )
}

/** node-postgres hides the key of every object that it is given from enumeration. */
function withKey(given: NonNullable<ClientSettings['ssl']['given']>): typeof given {
  return given.key === undefined ? given : { ...given, key: given.key }
}

/** The application's limits on statements are not a migration's. */
function settingsToCarry(startup: ClientSettings['startup']): Readonly<Record<string, string>> {
  const carried = Object.entries(startup).filter(([name, value]) => value !== undefined && !LIMIT.test(name))
  return Object.fromEntries(carried.map(([name, value]) => [name, String(value)]))
}

const LIMIT = /_timeout$/

async function askFor(password: () => unknown): Promise<string> {
  let answer: unknown
  try {
    answer = await password()
  } catch (cause) {
    throw new MigratorError('AUTHENTICATION_FAILED', "The client's password function failed.", { cause, hint: HINT })
  }
  if (typeof answer === 'string') return answer
  if (answer === undefined || answer === null) return ''
  throw new MigratorError('AUTHENTICATION_FAILED', "The client's password function gave no string.", { hint: HINT })
}

const HINT = "It is the password option of the application's own client; see the cause."
