import { MigratorError } from '../../../errors.ts'
import { type Connection, isSocket, type SslMode, type Target } from '../connection/connection.ts'
import { serverErrorIn } from '../failure/server-error.ts'
import { requiresSsl } from '../failure/ssl-failure.ts'

/** How a server is spoken to. */
export type Wire = 'plain' | 'tls' | 'tls-or-plain'

const WIRES: Readonly<Record<SslMode, readonly Wire[]>> = {
  disable: ['plain'],
  allow: ['plain', 'tls'],
  prefer: ['tls-or-plain', 'plain'],
  require: ['tls'],
  'verify-ca': ['tls'],
  'verify-full': ['tls'],
}

/** In the order in which they are tried. There is no TLS on a Unix socket. */
export function wiresOf({ tls }: Connection, { address }: Target): readonly Wire[] {
  return isSocket(address) ? ['plain'] : WIRES[tls.mode]
}

/** pg_hba.conf may let in with TLS who is refused without, or the other way round; so may a handshake that failed. */
export function otherWireMayHelp(error: unknown): boolean {
  if (error instanceof MigratorError) return error.details.reason !== undefined && error.code === 'CONNECTION_FAILED'
  return isRefusedByRule(error) || asksForSsl(error)
}

/** A refusal that TLS may mend is said so, where the connection string forbids TLS. */
export function refusedPlain(error: unknown, { tls }: Connection, target: Target): unknown {
  const refused = asksForSsl(error) || (tls.mode === 'disable' && isRefusedByRule(error))
  return refused && !isSocket(target.address) ? requiresSsl(error, target) : error
}

/**
 * What to tell where both ways failed. In `prefer` the second was without TLS: unless that got further, to the password,
 * the first has the reason.
 */
export function tellingFailure(failures: readonly unknown[], mode: SslMode): unknown {
  const last = failures.at(-1)
  const gotFurther = serverErrorIn(last) !== undefined && !isRefusedByRule(last)
  return mode === 'prefer' && !gotFurther ? failures[0] : last
}

/** By a line of pg_hba.conf, or for want of one. The routine has one name in all languages. */
function isRefusedByRule(error: unknown): boolean {
  const server = serverErrorIn(error) as { code: string; routine?: string } | undefined
  return server?.code === '28000' && server.routine === 'ClientAuthentication'
}

/** The words of poolers and proxies: PgBouncer, Azure, Neon. They give no code of their own. */
function asksForSsl(error: unknown): boolean {
  const text = error instanceof Error && 'code' in error && 'severity_local' in error ? error.message : ''
  return /\bSSL (?:connection )?(?:is )?required\b|connection is insecure/i.test(text)
}
