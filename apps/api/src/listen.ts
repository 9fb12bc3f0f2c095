import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { StartError } from './start-error.ts'

export interface Listening {
  readonly url: string
  /** Accepts nothing more, lets requests under way finish for up to `graceMs`, and resolves once all is closed. */
  close(graceMs?: number): Promise<void>
}

/** Serves the app on a port. Throws StartError (exit 1) when the address cannot be had; nothing listens then. */
export async function listen(app: Hono, { host, port }: { host: string; port: number }): Promise<Listening> {
  const server = createServer(getRequestListener(app.fetch))
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new StartError(explain(error, host, port), 1, { cause: error })
  }
  const actual = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual.port}`,
    close: (graceMs = 10_000) => close(server, graceMs),
  }
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection that becomes idle after `close` would be kept alive for seconds.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const limit = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(limit)
}

function explain(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    const other = port === 65_535 ? 3000 : port + 1
    return `Port ${port} on ${host} is taken. Stop what listens there, or choose another: PORT=${other}.`
  }
  if (code === 'EACCES') return `Port ${port} on ${host} needs more rights. Choose one from 1024, e.g. PORT=3000.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `HOST is ${host}, which is no address of this machine.`
  return `Cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`
}
