/**
 * PURE: connection strings as libpq reads them, as one typed value that the driver, pg_dump and the scratch server share.
 * It opens nothing, reads no file and no environment. https://www.postgresql.org/docs/current/libpq-connect.html
 * This file: the value.
 */
export interface Connection {
  /** What errors call the connection string: `DATABASE_URL`, `--scratch-url`. */
  readonly name: string
  /** In the order in which they are tried; at least one. */
  readonly targets: readonly Target[]
  readonly session: SessionAttributes
  readonly database: string
  /** Empty: the name of the operating system's user. */
  readonly user: string
  /** Empty: there is none, or PGPASSWORD or a password file has it. */
  readonly password: string
  /** Of an application's client: asked for each connection, because tokens expire. It goes before the password. */
  readonly askPassword?: () => Promise<string>
  /** A password file other than the usual one; empty where none is named. */
  readonly passFile: string
  readonly tls: Tls
  /** `application_name`, which is appended to the label that the migrator gives its sessions. */
  readonly applicationName: string
  readonly connectTimeoutMs: number | undefined
  /** Settings that every session starts with: `options` and `search_path`. */
  readonly startup: Readonly<Record<string, string>>
  /** Parameters that the driver cannot honour, and pg_dump can; by the variable of libpq's. */
  readonly onlyLibpq: Readonly<Record<string, string>>
  /** What was left out, and why; fit to print. */
  readonly notices: readonly string[]
}

/** One server, or one of several that stand in for each other. */
export interface Target {
  /** As it was written, and as a certificate is compared with: a name, an address, or the folder of a socket. */
  readonly host: string
  /** Where to connect to: `hostaddr`, or the host. */
  readonly address: string
  readonly port: number
  /** What a password file has for it. */
  readonly remembered?: { readonly password: string; readonly path: string }
}

export const SESSION_ATTRIBUTES = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number]

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

export interface Tls {
  readonly mode: SslMode
  /** Options of Node's TLS, from an application's client. Where they are given, nothing below counts but the negotiation. */
  readonly given?: Readonly<Record<string, unknown>>
  readonly negotiation: 'postgres' | 'direct'
  /** A file, or `system`: the certificates that Node trusts. Undefined: those too, where the mode verifies. */
  readonly rootCertificate: string | undefined
  readonly revocationList: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  readonly keyPassword: string | undefined
  readonly minVersion: TlsVersion | undefined
  readonly maxVersion: TlsVersion | undefined
  readonly serverName: 'sent' | 'withheld'
}

export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]

const LOOPBACK = /^127(?:\.\d{1,3}){3}$/

/** Whether this leads to this machine by a loopback address or a Unix socket. */
export function isLocal({ address }: Target): boolean {
  return isSocket(address) || address === 'localhost' || address === '::1' || LOOPBACK.test(address)
}

/** Whether it has a name that compose files and containers use on one machine. */
export function isContainer({ address }: Target): boolean {
  return CONTAINERS.has(address) || address.endsWith('.localhost')
}

const CONTAINERS = new Set([
  ...['db', 'database', 'postgres', 'postgresql', 'pg', 'postgis', 'timescaledb', 'pgvector'],
  ...['host.docker.internal', 'gateway.docker.internal', 'host.containers.internal'],
])

/** A folder with a server's Unix socket. */
export function isSocket(address: string): boolean {
  return address.startsWith('/')
}

/** `db.example.com:5432`, `[::1]:5432`, `/var/run/postgresql:5432` */
export function placeText({ address, port }: Target): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}
