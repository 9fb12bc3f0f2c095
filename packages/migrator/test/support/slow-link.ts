import { connect, createServer, type Socket } from 'node:net'

/** A server reached over a long line: what either side says arrives `delayMs` later. */
export interface SlowLink {
  through(url: string): string
  stop(): Promise<void>
}

export function startSlowLink(serverUrl: string, delayMs: number): Promise<SlowLink> {
  const { hostname, port } = new URL(serverUrl)
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port || 5432) })
    deliverLate(near, far, delayMs)
    deliverLate(far, near, delayMs)
    for (const socket of [near, far]) open.add(socket.on('error', () => socket.destroy()))
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const ownPort = typeof address === 'object' && address ? address.port : 0
      resolve({
        through: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(ownPort) }).href,
        async stop() {
          for (const socket of open) socket.destroy()
          await new Promise((closed) => server.close(closed))
        },
      })
    })
  })
}

function deliverLate(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs))
  from.on('close', () => setTimeout(() => to.end(), delayMs))
}
