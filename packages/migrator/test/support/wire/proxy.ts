import { connect, createServer, type Server } from 'node:net'
import { type Cut, createLink, type Delay, type Link } from './link.ts'
import type { Frame, Side } from './messages.ts'

/** A message on its way through the proxy. */
export interface WireMessage extends Frame {
  readonly from: Side
  /** Counted from 1 over all connections and both directions. */
  readonly number: number
  /** The connection that carries it, counted from 1. */
  readonly connection: number
  /** Its place among its connection's messages, counted from 1. */
  readonly index: number
  /** What it says, with blanks between its parts: the SQL of a `Q`, the tag of a `C`, the fields of an `E`. */
  readonly text: string
}

export interface Blow {
  /** A function is waited for, and its message forwarded: for killing a process, or for looking at the server. */
  readonly action: Cut | ((message: WireMessage) => unknown)
  /** Default `it`: the message's own connection. */
  readonly on?: 'it' | 'all'
  /** `before` (the default): it is not forwarded, unless a deaf client said it. `after`: it has been, and what the other side answers is not. */
  readonly moment?: 'before' | 'after'
}

/** A wire on loopback between a program and a PostgreSQL server (or a pooler), which can be cut at any message. */
export interface WireProxy {
  through(url: string): string
  /** Strikes once, at the first message of which `when` holds; resolves with it. */
  strikeAt(when: (message: WireMessage) => boolean, blow: Blow): Promise<WireMessage>
  /** Strikes all connections now, or the one of that number. */
  strike(cut: Cut, connection?: number): void
  /** What happens to new connections. Default `welcome`; `refused`: nobody listens. */
  newcomers(are: 'welcome' | 'refused' | 'reset' | 'silence'): Promise<void>
  /** How many messages have passed, or were struck. */
  readonly messages: number
  /** How many connections have been accepted. */
  readonly connections: number
  /** Cuts what was silenced on the server's side as well, as a firewall's timeout would in the end. */
  endSilenced(): void
  stop(): Promise<void>
}

export interface WireProxyOptions extends Delay {
  /** Sees every message before anything happens to it. */
  readonly seen?: (message: WireMessage) => void
}

export async function startWireProxy(serverUrl: string, options: WireProxyOptions = {}): Promise<WireProxy> {
  const { hostname, port } = new URL(serverUrl)
  const links = new Map<number, Link>()
  const blows = new Set<Armed>()
  const counted = { messages: 0, connections: 0 }
  let manners: 'welcome' | 'reset' | 'silence' = 'welcome'
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (manners === 'reset') return void near.resetAndDestroy()
    const far = connect({ host: hostname, port: Number(port || 5432), allowHalfOpen: true })
    const number = ++counted.connections
    const link = createLink(near, far, options, (frame, from, index) => {
      const message = describe(frame, { from, index, connection: number, number: ++counted.messages })
      options.seen?.(message)
      const armed = [...blows].find(({ when }) => when(message))
      if (!armed) return undefined
      blows.delete(armed)
      const struck = armed.on === 'all' ? [...links.values()] : [link]
      return (forward) => carryOut(armed, message, struck, forward)
    })
    links.set(number, link)
    if (manners === 'silence') link.cut('silence')
  })
  const own = await listen(server, 0)
  return {
    through: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(own) }).href,
    strikeAt: (when, blow) => new Promise((resolve) => blows.add({ ...blow, when, told: resolve })),
    strike(cut, connection) {
      for (const [number, link] of links) if (connection === undefined || connection === number) link.cut(cut)
    },
    async newcomers(are) {
      if (are === 'refused') return void server.close()
      manners = are
      if (!server.listening) await listen(server, own)
    },
    get messages() {
      return counted.messages
    },
    get connections() {
      return counted.connections
    },
    endSilenced() {
      for (const link of links.values()) link.endIfSilenced()
    },
    async stop() {
      for (const link of links.values()) link.destroy()
      if (server.listening) await new Promise((closed) => server.close(closed))
    },
  }
}

interface Armed extends Blow {
  when(message: WireMessage): boolean
  told(message: WireMessage): void
}

async function carryOut(armed: Armed, message: WireMessage, struck: readonly Link[], forward: () => void) {
  const { action, moment = 'before' } = armed
  if (moment === 'after') forward()
  if (typeof action === 'function') {
    await action(message)
    if (moment === 'before') forward()
  } else {
    for (const link of struck) moment === 'after' ? link.cutBehind(action) : link.cut(action)
    // What a deaf client says still arrives, and no wire loses one message of it and delivers the next.
    if (action === 'deaf' && moment === 'before' && message.from === 'client') forward()
  }
  armed.told(message)
}

function describe(frame: Frame, place: Omit<WireMessage, 'text' | keyof Frame>): WireMessage {
  return {
    ...frame,
    ...place,
    get text() {
      const header = frame.type.length === 1 ? 5 : 8
      return frame.bytes.subarray(header).toString('utf8').replaceAll('\0', ' ').trim()
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
