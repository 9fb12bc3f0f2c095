import { SESSION_ATTRIBUTES, type Target } from '../connection/connection.ts'
import { type ClientSettings, type ClientSsl, cannotUse, isRecord } from './client.ts'

type Options = Readonly<Record<string, unknown>>

export function isPostgresJs(client: unknown): client is { readonly options: Options } {
  return typeof client === 'function' && 'options' in client && isRecord(client.options) && 'pass' in client.options
}

/** The options of a postgres.js client as the driver parsed them: with its URL and the environment, and defaults filled in. */
export function postgresJsSettings(options: Options): ClientSettings {
  if (options.socket) throw cannotUse('opens its sockets with a function, which cannot be used for other sessions')
  const session = SESSION_ATTRIBUTES.find((known) => known === options.target_session_attrs)
  const { application_name: _, ...startup } = isRecord(options.connection) ? options.connection : {}
  const seconds = Number(options.connect_timeout)
  return {
    targets: targetsOf(options),
    database: String(options.database ?? ''),
    user: String(options.user ?? ''),
    password: options.pass,
    ssl: sslOf(options.ssl),
    negotiation: options.sslnegotiation === 'direct' ? 'direct' : 'postgres',
    session: session ?? 'any',
    startup,
    connectTimeoutMs: seconds > 0 ? seconds * 1000 : undefined,
  }
}

function targetsOf({ host, port, path }: Options): readonly Target[] {
  if (path) {
    const [, folder, number] = /^(\/.*)\/\.s\.PGSQL\.(\d+)$/.exec(String(path)) ?? []
    if (folder === undefined) throw cannotUse(`connects to ${path}, which is not the path of a PostgreSQL socket`)
    return [{ host: folder, address: folder, port: Number(number) }]
  }
  const [hosts, ports] = [host, port].map((value) => (Array.isArray(value) ? value : [value]))
  return (hosts ?? []).map((each, index) => {
    const name = String(each)
    return { host: name, address: name, port: Number(ports?.[index] ?? ports?.[0]) }
  })
}

/** As the driver reads it: `require`, `allow` and `prefer` verify nothing; `true` verifies everything. */
function sslOf(ssl: unknown): ClientSsl {
  if (!ssl) return { mode: 'disable' }
  if (ssl === 'prefer') return { mode: 'prefer' }
  if (ssl === 'require' || ssl === 'allow') return { mode: 'require', given: { rejectUnauthorized: false } }
  return { mode: 'require', given: isRecord(ssl) ? ssl : {} }
}
