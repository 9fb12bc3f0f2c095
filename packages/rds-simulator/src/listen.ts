import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listening {
  readonly url: string
  /** Accepts nothing more, ends every connection, and resolves when what was being answered is done. */
  close(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Serves on loopback; port 0 lets the system choose. Throws the system's error when the port cannot be had. */
export async function listen(port: number, handle: Handler): Promise<Listening> {
  const busy = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    // What is left to fail here is the connection itself, or a body beyond all bounds: nobody is left to receive an answer.
    const work = handle(request, response).catch(() => void response.destroy())
    busy.add(work)
    void work.finally(() => busy.delete(work))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${actual}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await Promise.all(busy)
    },
  }
}

const largest = 1_000_000

/** Throws when it is larger than any request of this API. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largest) throw new Error('The request is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
