import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { until } from './until.ts'

export interface Pooler {
  /** The same database, reached through the pooler. */
  through(url: string): string
  stop(): Promise<void>
}

export interface PoolerSettings {
  readonly mode?: 'transaction' | 'session' | 'statement'
  /** How many connections of the server it has for one database; 10 unless told otherwise. */
  readonly size?: number
  /** How many clients may be connected to it; 500 unless told otherwise. */
  readonly clients?: number
}

/**
 * PgBouncer in transaction mode (unless told otherwise) before the server of `serverUrl`, on a loopback port. Undefined, said out loud, where it
 * is not installed; throws instead on CI, so that nothing is left untested there.
 */
export async function startPooler(serverUrl: string, settings: PoolerSettings = {}): Promise<Pooler | undefined> {
  const binary = findBinary()
  if (binary === undefined) return absent()
  const folder = await mkdtemp(join(tmpdir(), 'migrator-pgbouncer-'))
  await chmod(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(file, configuration(new URL(serverUrl), port, settings), { mode: 0o644 })
  const words = process.getuid?.() === 0 ? ['-u', 'postgres', file] : [file]
  const child = spawn(binary, words, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const through = (url: string) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until('pgbouncer answers', async () => {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}: ${said}`)
      return answers(through(serverUrl))
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { through, stop }
}

const INSTALL = 'pgbouncer is not installed (Debian: apt-get install pgbouncer).'

function absent(): undefined {
  if (process.env.CI) throw new Error(`${INSTALL} On CI the tests through it must run.`)
  process.stderr.write(`\nNOTICE: ${INSTALL} These tests run without it here, straight on the server.\n\n`)
}

function findBinary(): string | undefined {
  const names = ['pgbouncer', '/usr/sbin/pgbouncer', '/usr/local/sbin/pgbouncer']
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)
}

/**
 * Ten server connections for twenty runners, each transaction on the one that has rested longest: as in a busy pool, no
 * two in a row share a connection by luck. Start-up parameters and clean-up queries are as they come.
 */
function configuration(
  { hostname, port, username, password }: URL,
  ownPort: number,
  { mode = 'transaction', size = 10, clients = 500 }: PoolerSettings,
): string {
  const secret = password === '' ? '' : ` password=${decodeURIComponent(password)}`
  const login = `user=${decodeURIComponent(username)}${secret}`
  return `[databases]
* = host=${hostname} port=${port || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
server_round_robin = 1
max_client_conn = ${clients}
`
}

async function answers(url: string): Promise<true | undefined> {
  const sql = postgres(url, { max: 1, prepare: false, fetch_types: false, connect_timeout: 1 })
  try {
    await sql`SELECT 1`
    return true
  } catch {
    return undefined
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
