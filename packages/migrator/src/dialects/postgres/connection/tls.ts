import { SSL_MODES, type SslMode, TLS_VERSIONS, type Tls, type TlsVersion } from './connection.ts'
import { invalid } from './invalid.ts'
import { oneOf } from './values.ts'

/** https://www.postgresql.org/docs/current/libpq-ssl.html */
export function readTls(given: ReadonlyMap<string, string>): Tls {
  const file = (name: string) => given.get(name) || undefined
  const trusting = given.get('sslmode') === 'no-verify'
  const rootCertificate = trusting ? undefined : file('sslrootcert')
  const mode = readMode(given, rootCertificate)
  const negotiation = oneOf(['postgres', 'direct'], 'sslnegotiation', given.get('sslnegotiation') || 'postgres')
  if (negotiation === 'direct' && isOptional(mode)) {
    throw invalid('sslnegotiation=direct needs sslmode=require, verify-ca or verify-full')
  }
  const [certificate, key] = [file('sslcert'), file('sslkey')]
  if ((certificate === undefined) !== (key === undefined)) {
    throw invalid("sslcert and sslkey must both be set: the client's certificate and its key", ROOT)
  }
  return {
    mode,
    negotiation,
    rootCertificate,
    revocationList: file('sslcrl'),
    certificate,
    key,
    keyPassword: file('sslpassword'),
    minVersion: readVersion(given, 'ssl_min_protocol_version'),
    maxVersion: readVersion(given, 'ssl_max_protocol_version'),
    serverName: given.get('sslsni') === '0' ? 'withheld' : 'sent',
  }
}

const ROOT = 'Name the certificate authority of the server with sslrootcert.'

/** Whether the mode is content with no encryption. */
export function isOptional(mode: SslMode): boolean {
  return mode === 'disable' || mode === 'allow' || mode === 'prefer'
}

/** A root certificate makes `require` verify the chain, and `system` allows nothing less than all. */
function readMode(given: ReadonlyMap<string, string>, rootCertificate: string | undefined): SslMode {
  const written = given.get('sslmode') || given.get('ssl')
  const strict = given.get('sslaccept') === 'strict'
  const mode = written ? oneOf(SSL_MODES, 'sslmode', SPELLINGS[written] ?? written) : undefined
  if (rootCertificate === 'system') {
    if (mode !== undefined && mode !== 'verify-full') throw invalid('sslrootcert=system needs sslmode=verify-full')
    return 'verify-full'
  }
  if (strict && (mode === undefined || mode === 'require')) return 'verify-full'
  if (mode === 'require' && rootCertificate !== undefined) return 'verify-ca'
  return mode ?? 'prefer'
}

/** Of the drivers: `ssl=true`, `sslmode=no-verify`. */
const SPELLINGS: Readonly<Record<string, SslMode>> = {
  true: 'require',
  '1': 'require',
  'no-verify': 'require',
  false: 'disable',
  '0': 'disable',
}

function readVersion(given: ReadonlyMap<string, string>, name: string): TlsVersion | undefined {
  const text = given.get(name)
  return text ? oneOf(TLS_VERSIONS, name, text) : undefined
}
