import { redactText } from '../../../core/redact.ts'
import { withoutStop } from '../../../core/sentence.ts'
import { MigratorError } from '../../../errors.ts'
import { placeText, type Target, type Tls } from '../connection/connection.ts'

/** The server answered that it has no TLS, and the mode is not content with less. */
export function noSsl(target: Target, { mode, given }: Tls): MigratorError {
  const [asked, off] = given ? ["the client's ssl option", 'ssl: false'] : [`sslmode=${mode}`, 'sslmode=disable']
  return new MigratorError(
    'CONNECTION_FAILED',
    `The server ${placeText(target)} does not support SSL, and ${asked} requires it.`,
    {
      hint: `Turn SSL on in the server (ssl = on), or allow unencrypted connections with ${off}.`,
      details: { reason: 'ssl-unsupported' },
    },
  )
}

/** The TLS handshake failed. What the server's certificate lacks is said, and what would make it trusted. */
export function certificateFailure(error: unknown, target: Target, wishes: Tls): MigratorError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const told = CERTIFICATE[code]
  const at = placeText(target)
  if (told === undefined) {
    const why = error instanceof Error ? withoutStop(error.message) : String(error)
    return new MigratorError('CONNECTION_FAILED', `The SSL handshake with ${at} failed: ${why}.`, {
      cause: error,
      hint: wishes.given ? OF_CLIENT : 'Check ssl_min_protocol_version, sslcert and sslkey, and the log of the server.',
      details: { reason: code || 'ssl-handshake' },
    })
  }
  const by = wishes.given?.ca ? "the ca of the client's ssl option" : authorityOf(wishes)
  return new MigratorError(
    'CONNECTION_FAILED',
    `The certificate of ${at} is not trusted: ${told.why(target.host, by)}.`,
    {
      cause: error,
      hint: wishes.given ? OF_CLIENT : told.hint,
      details: { reason: code },
    },
  )
}

const OF_CLIENT =
  "Check the ssl option of the application's client, which is used as it is, and the server's certificate."

function authorityOf({ rootCertificate }: Tls): string {
  if (rootCertificate === undefined) return 'the certificate authorities that Node trusts'
  return `sslrootcert (${rootCertificate})`
}

interface Told {
  readonly why: (host: string, by: string) => string
  readonly hint: string
}

const UNTRUSTED: Told = {
  why: (_, by) => `it is not signed by ${by}`,
  hint: "Name the file with the server's certificate authority: sslrootcert=/path/to/ca.pem.",
}
const EXPIRED: Told = { why: () => 'it has expired', hint: "Renew the server's certificate." }

const CERTIFICATE: Readonly<Record<string, Told>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: {
    why: () => 'it is not valid yet',
    hint: 'Compare the clocks of this machine and the server.',
  },
  CERT_REVOKED: { why: () => 'it was revoked', hint: "Renew the server's certificate." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: (host) => `it is not for the host "${host}"`,
    hint: 'Connect with the host name in the certificate, or use sslmode=verify-ca, which does not check it.',
  },
}

/** The server refused a connection without TLS. */
export function requiresSsl(error: unknown, target: Target): MigratorError {
  const text = error instanceof Error ? withoutStop(redactText(error.message)) : ''
  return new MigratorError(
    'CONNECTION_FAILED',
    `The server ${placeText(target)} refused an unencrypted connection: ${text}.`,
    {
      cause: error,
      hint: 'If the server requires SSL, set sslmode=require; otherwise pg_hba.conf has no entry for this user, database and address.',
      details: { reason: 'ssl-required' },
    },
  )
}
