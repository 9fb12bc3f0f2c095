import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { MigratorError } from '../../../errors.ts'
import type { Target } from '../connection/connection.ts'
import { isConnectionLoss } from '../failure/server-error.ts'
import type { Client } from './driver-client.ts'
import type { Backend } from './greeting.ts'

/** What postgres.js' queries have beside their promise. */
interface Cancellable {
  readonly active?: boolean
  readonly canceller?: ((query: Cancellable) => Promise<void>) | null
}

interface Unanswered {
  readonly sinceMs: number
  reject(error: unknown): void
}

/**
 * One connection of the driver: what is on its way over it, and whether it is lost. The driver rejects queries before it
 * reports that the connection closed, and never settles those sent in between, so the first failure of the connection is
 * its end: every query still on its way is rejected with CONNECTION_LOST, and nothing more is sent.
 */
export class OpenConnection {
  readonly client: Client
  readonly backend: Backend
  /** The server that was reached. */
  readonly target: Target
  /** Resolves when it is lost, or was ended. */
  readonly lost: Promise<void>
  /** Behind a pooler: the server's process that the transaction under way runs in. */
  transactionPid: number | undefined
  readonly #sockets = new Set<Socket>()
  readonly #unanswered = new Map<Cancellable, Unanswered>()
  #lost = false
  #tellLost = () => {}
  #moved = ''
  #movedMs = 0

  constructor(client: Client, backend: Backend, target: Target, socket: Socket) {
    this.client = client
    this.backend = backend
    this.target = target
    this.carry(socket)
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve
    })
  }

  /** How it names itself to the server. */
  get applicationName(): string {
    return this.client.options.connection.application_name ?? ''
  }

  get isLost(): boolean {
    return this.#lost
  }

  /** The server's process, where it is known to be this connection's own. */
  get serverPid(): number | undefined {
    return this.backend.pooled ? this.transactionPid : this.backend.pid || undefined
  }

  /** A socket that the driver uses: the connection's own, and one for each request to cancel. It ends with the connection. */
  carry(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  /** The answer to a query, or CONNECTION_LOST as soon as the connection is lost. */
  track<T>(query: PromiseLike<T>): Promise<T> {
    if (this.#lost) return Promise.reject(connectionLost())
    return new Promise<T>((resolve, reject) => {
      const key = query as Cancellable
      this.#unanswered.set(key, { sinceMs: performance.now(), reject })
      query.then(
        (answer) => {
          this.#unanswered.delete(key)
          resolve(answer)
        },
        (error: unknown) => {
          this.#unanswered.delete(key)
          const isEnd = isConnectionLoss(error)
          reject(isEnd ? connectionLost(error) : error)
          if (isEnd) this.lose(error)
        },
      )
    })
  }

  /** Gives the connection up. What is on its way is rejected; the server may still work on it. */
  lose(cause?: unknown): void {
    if (this.#lost) return
    this.#lost = true
    for (const { reject } of this.#unanswered.values()) reject(connectionLost(cause))
    this.#unanswered.clear()
    for (const socket of this.#sockets) socket.destroy()
    this.#tellLost()
  }

  get awaitsAnswer(): boolean {
    return this.#unanswered.size > 0
  }

  /** For how many milliseconds nothing has come or gone although an answer is awaited; 0 when none is. */
  quietForMs(nowMs: number): number {
    const [oldest] = this.#unanswered.values()
    if (!oldest) return 0
    const moved = [...this.#sockets].map(progressOf).join()
    if (moved !== this.#moved) this.#movedMs = nowMs
    this.#moved = moved
    return nowMs - Math.max(oldest.sinceMs, this.#movedMs)
  }

  /** Asks the server to cancel what was sent, again and again until all of it is answered; then it resolves. */
  async cancel(): Promise<void> {
    const sent = [...this.#unanswered.keys()]
    for (;;) {
      const open = sent.filter((query) => this.#unanswered.has(query))
      if (open.length === 0 || this.#lost) return
      // Only what the server works on: postgres.js loses count of the answers when what is queued behind is cancelled too.
      const running = open.find(({ active }) => active)
      // A request that does not get through leaves the statement running; the next one is refused all the same.
      const asked = running?.canceller?.(running).catch(() => undefined)
      await Promise.race([Promise.all([asked, pause(CANCEL_AGAIN_MS, undefined, { ref: false })]), this.lost])
      if (asked) await Promise.race([asked, pause(CANCEL_LIMIT_MS, undefined, { ref: false })])
    }
  }

  async end(): Promise<void> {
    await this.client.end({ timeout: this.#lost ? 0 : 1 })
    // A peer that no longer answers never closes its side, which would keep this process alive.
    this.lose()
  }
}

/** A request to cancel has a way of its own, and finds nothing to do where it overtakes the statement that it is for. */
const CANCEL_AGAIN_MS = 500
const CANCEL_LIMIT_MS = 2_000

/** What came from the other side, and how far a long message has left for it. Questions that we add are no sign of life. */
function progressOf({ bytesRead, bytesWritten, writableLength }: Socket): string {
  return `${bytesRead}/${writableLength > 0 ? bytesWritten - writableLength : ''}`
}

function connectionLost(cause?: unknown): MigratorError {
  if (cause instanceof MigratorError) return cause
  return new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.', { cause })
}
