import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import tls from 'node:tls'
import { MigratorError } from '../../../errors.ts'
import { type Connection, isSocket, type Target, type Tls } from '../connection/connection.ts'
import { certificateFailure, noSsl } from '../failure/ssl-failure.ts'
import type { Wire } from './wires.ts'

/**
 * Opens the socket of a connection, up to the first message: TCP or Unix, with TLS negotiated and verified as libpq does.
 * The driver's own ways are not used: it cannot tell a server without TLS from a broken one, and reads `require` otherwise.
 * Rejects with the system's error, with CONNECTION_FAILED where TLS is the reason, or with the signal's reason.
 */
export async function dial(connection: Connection, target: Target, wire: Wire, signal: AbortSignal): Promise<Socket> {
  const socket = await connected(target, signal)
  if (wire === 'plain' || isSocket(target.address)) return socket
  try {
    const { tls: wishes } = connection
    if (wishes.negotiation === 'postgres' && !(await offersTls(socket, signal))) {
      if (wire === 'tls-or-plain') return socket
      throw noSsl(target, wishes)
    }
    return await secured(socket, target, wishes, signal)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function connected({ address, port }: Target, signal: AbortSignal): Promise<Socket> {
  const socket = isSocket(address)
    ? connect({ path: `${address}/.s.PGSQL.${port}` })
    : connect({ host: address, port, noDelay: true, autoSelectFamilyAttemptTimeout: FAMILY_TIMEOUT_MS })
  return opened(socket, 'connect', signal)
}

/** Node gives up an address after 250 ms where a name has several: too soon for a server on another continent. */
const FAMILY_TIMEOUT_MS = 3_000

/** Resolves at the event. A listener stays, because an error that comes before the driver listens would end the process. */
async function opened<T extends Socket>(socket: T, event: string, signal: AbortSignal): Promise<T> {
  socket.on('error', () => {})
  return new Promise<T>((resolve, reject) => {
    const abandon = () => socket.destroy(signal.reason)
    if (signal.aborted) abandon()
    signal.addEventListener('abort', abandon, { once: true })
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', abandon)
      socket.off('error', failed).off('close', closed).off(event, arrived)
      act()
    }
    const failed = (error: Error) => settle(() => reject(error))
    const closed = () => settle(() => reject(Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' })))
    const arrived = () => settle(() => resolve(socket))
    socket.on('error', failed).on('close', closed).on(event, arrived)
  })
}

/** SSLRequest, of which the answer is one byte. https://www.postgresql.org/docs/current/protocol-flow.html */
async function offersTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  const answer = opened(socket, 'readable', signal)
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  await answer
  // More than one byte would be somebody's who put it before the encrypted stream. (CVE-2021-23222)
  const said: Buffer | null = socket.read()
  if (said?.length === 1 && said[0] === 0x53) return true
  if (said?.length === 1 && said[0] === 0x4e) return false
  if (said === null) throw Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' })
  throw Object.assign(new Error('the server there is not PostgreSQL'), { code: 'NOT_POSTGRES' })
}

async function secured(socket: Socket, target: Target, wishes: Tls, signal: AbortSignal): Promise<Socket> {
  const options = secureOptions(target, wishes)
  try {
    return await opened(tls.connect({ ...options, socket }), 'secureConnect', signal)
  } catch (error) {
    signal.throwIfAborted()
    throw certificateFailure(error, target, wishes)
  }
}

/** What is verified of the server, and what is shown of us. Throws DATABASE_URL_INVALID for a file that cannot be read. */
export function secureOptions({ host }: Target, wishes: Tls): tls.ConnectionOptions {
  if (wishes.given) return givenOptions(host, wishes)
  const { mode, rootCertificate, certificate, key, keyPassword, revocationList, minVersion, maxVersion } = wishes
  const verifies = mode === 'verify-ca' || mode === 'verify-full' || rootCertificate !== undefined
  const own = rootCertificate !== undefined && rootCertificate !== 'system'
  return {
    rejectUnauthorized: verifies,
    checkServerIdentity: (_, found) => (mode === 'verify-full' ? tls.checkServerIdentity(host, found) : undefined),
    ...(wishes.negotiation === 'direct' ? { ALPNProtocols: ['postgresql'] } : {}),
    ...(isIP(host) === 0 && wishes.serverName === 'sent' ? { servername: host } : {}),
    ...(own ? { ca: fileOf('sslrootcert', rootCertificate) } : {}),
    ...(revocationList ? { crl: fileOf('sslcrl', revocationList) } : {}),
    ...(certificate ? { cert: fileOf('sslcert', certificate) } : {}),
    ...(key ? { key: fileOf('sslkey', key) } : {}),
    ...(keyPassword ? { passphrase: keyPassword } : {}),
    ...(minVersion ? { minVersion } : {}),
    ...(maxVersion ? { maxVersion } : {}),
  }
}

/** As both drivers do it: what is given, over a server name that is the host's. */
function givenOptions(host: string, { given, negotiation }: Tls): tls.ConnectionOptions {
  return {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(negotiation === 'direct' ? { ALPNProtocols: ['postgresql'] } : {}),
    ...given,
  }
}

function fileOf(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new MigratorError('DATABASE_URL_INVALID', `The file that ${parameter} names cannot be read: ${path}.`, {
      cause,
      hint: 'Correct the path or the permissions of the file. A relative path is resolved against the current directory.',
    })
  }
}
