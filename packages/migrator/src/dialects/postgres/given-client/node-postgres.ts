import { Socket } from 'node:net'
import { type ClientSettings, type ClientSsl, cannotUse, isRecord } from './client.ts'

/**
 * The settings of a node-postgres pool, as its own class of clients reads them: with a URL and the environment. The client
 * that is made for this never connects.
 */
export function poolSettings(pool: Readonly<Record<string, unknown>>): ClientSettings {
  const options = isRecord(pool.options) ? pool.options : {}
  if (options.stream) throw customStream()
  const Client = pool.Client as new (options: unknown) => unknown
  return clientSettings(new Client(options))
}

export function clientSettings(client: unknown): ClientSettings {
  if (!isRecord(client) || !isRecord(client.connectionParameters)) throw cannotUse('is not of node-postgres')
  if ('neonConfig' in client) throw cannotUse('connects by WebSocket')
  const { connectionParameters: parameters } = client
  const { host, port, database, user, password, ssl, options, replication } = parameters
  if (hasStreamOfItsOwn(client, Number(port))) throw customStream()
  if (replication) throw cannotUse('is for replication; migrations need an ordinary session')
  const place = String(host || 'localhost')
  const timeoutMs = Number(client._connectionTimeoutMillis)
  return {
    targets: [{ host: place, address: place, port: Number(port) }],
    database: String(database ?? ''),
    user: String(user ?? ''),
    password: typeof password === 'function' ? () => password(parameters) : password,
    ssl: sslOf(ssl),
    negotiation: parameters.sslnegotiation === 'direct' ? 'direct' : 'postgres',
    session: 'any',
    startup: options ? { options } : {},
    connectTimeoutMs: timeoutMs > 0 ? timeoutMs : undefined,
  }
}

/** A client does not keep the option, only the stream: one of another kind, or one that leads to another port. */
function hasStreamOfItsOwn({ connection }: Readonly<Record<string, unknown>>, port: number): boolean {
  const stream = isRecord(connection) ? connection.stream : undefined
  if (stream === undefined) return false
  if (!(stream instanceof Socket)) return true
  return stream.remotePort !== undefined && stream.remotePort !== port
}

function customStream(): Error {
  return cannotUse('has a stream of its own (a proxy or a connector), which cannot be used for other sessions')
}

/** TLS or nothing, verified unless its options say otherwise. */
function sslOf(ssl: unknown): ClientSsl {
  if (!ssl) return { mode: 'disable' }
  return { mode: 'require', given: isRecord(ssl) ? ssl : {} }
}
