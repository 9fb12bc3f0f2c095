import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'
import { databaseOn } from './database.ts'
import { type OwnServer, ownServer } from './own-server.ts'

/** A server with SSL, whose databases tls, plain and cert require SSL, refuse SSL, and require a certificate. */
export interface TlsServer extends OwnServer {
  /** The URL of one of its databases, by a name of its host; its certificate is for `localhost`. */
  at(database: 'tls' | 'plain' | 'cert', host?: string): string
  /** A file beside it: ca.pem, other.pem (of another authority), client.pem, client.key, locked.key (passphrase `open`). */
  file(name: string): string
}

const RULES = `
hostssl   tls  all 127.0.0.1/32 trust
hostnossl plain all 127.0.0.1/32 trust
hostssl   cert all 127.0.0.1/32 cert
host postgres all 127.0.0.1/32 trust
`

export async function tlsServer(): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'migrator-tls-'))
  const file = (name: string) => join(folder, name)
  await chmod(folder, 0o755)
  makeCertificates(folder)
  await writeFile(file('pg_hba.conf'), RULES, { mode: 0o644 })
  await chmod(file('server.key'), 0o600)
  const user = serverUser(undefined)
  if (user) await chown(file('server.key'), user.uid, user.gid)
  const server = await ownServer({
    ssl: 'on',
    ssl_cert_file: file('server.pem'),
    ssl_key_file: file('server.key'),
    ssl_ca_file: file('ca.pem'),
    hba_file: file('pg_hba.conf'),
  })
  await databaseOn(server.url, async (sql) => {
    for (const name of ['tls', 'plain', 'cert']) await sql.unsafe(`CREATE DATABASE ${name}`)
  })
  const { port } = new URL(server.url)
  return {
    ...server,
    at: (database, host = '127.0.0.1') => `postgresql://postgres@${host}:${port}/${database}`,
    file,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Two authorities, and of the first one a certificate for the host localhost and one for the user postgres. */
function makeCertificates(cwd: string): void {
  const openssl = (words: string) => {
    const made = spawnSync('openssl', words.split(' '), { cwd, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`openssl ${words}: ${made.stderr ?? made.error}`)
  }
  const fresh = '-newkey rsa:2048 -nodes -days 2'
  for (const name of ['ca', 'other'])
    openssl(`req -x509 ${fresh} -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`)
  const signed = '-CA ca.pem -CAkey ca.key'
  openssl(
    `req -x509 ${fresh} ${signed} -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.pem`,
  )
  openssl(`req -x509 ${fresh} ${signed} -subj /CN=postgres -keyout client.key -out client.pem`)
  openssl('rsa -aes256 -in client.key -passout pass:open -out locked.key')
}
