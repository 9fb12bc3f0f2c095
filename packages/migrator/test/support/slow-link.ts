import { connect, createServer, type Socket } from 'node:net'

/** A server reached over a long line: what either side says arrives `delayMs` later; with `cancelling: 'at once'` a request to cancel overtakes it. */
export interface SlowLink {
  through(url: string): string
  stop(): Promise<void>
}

export function startSlowLink(
  serverUrl: string,
  delayMs: number,
  cancelling: 'late' | 'at once' = 'late',
): Promise<SlowLink> {
  const { hostname, port } = new URL(serverUrl)
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port || 5432) })
    deliverLate(near, far, delayMs, cancelling === 'at once')
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

function deliverLate(from: Socket, to: Socket, delayMs: number, cancelsAtOnce = false): void {
  from.on('data', (chunk: Buffer) => {
    if (cancelsAtOnce && isCancelRequest(chunk)) to.write(chunk)
    else setTimeout(() => to.write(chunk), delayMs)
  })
  from.on('close', () => setTimeout(() => to.end(), delayMs))
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
function isCancelRequest(chunk: Buffer): boolean {
  return chunk.length >= 8 && chunk.readUInt32BE(4) === 80_877_102
}
