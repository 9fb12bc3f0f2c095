import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Frame, framers, type Side } from './messages.ts'

/**
 * What happens to a connection. `reset`: both ends get an RST; `close`: both get a FIN. `silence`: both ends stay open and
 * hear nothing more of each other; `deaf`: the client hears nothing more, the server still does.
 */
export type Cut = 'reset' | 'close' | 'silence' | 'deaf'

export interface Delay {
  /** What either side says arrives so much later. Default 0. */
  readonly delayMs?: number
  /** `at once`: a request to cancel overtakes the delay. */
  readonly cancelling?: 'late' | 'at once'
}

/** One connection through the proxy. */
export interface Link {
  cut(how: Cut): void
  /** The client is cut off at once; the server reads what it was sent, and is then cut off too. */
  cutBehind(how: Cut): void
  endIfSilenced(): void
  destroy(): void
}

/** Asked of each message before it is forwarded: a function takes charge of it, forwarding included. */
export type Strikes = (
  frame: Frame,
  from: Side,
  index: number,
) => ((forward: () => void) => void | Promise<void>) | undefined

export function createLink(near: Socket, far: Socket, { delayMs = 0, cancelling }: Delay, strikes: Strikes): Link {
  const mute = { client: false, server: false }
  const read = framers()
  let seen = 0
  // Messages are written one by one: with Nagle's algorithm each would wait for the acknowledgement of the one before it.
  for (const socket of [near, far]) socket.setNoDelay(true)
  const link: Link = {
    cut(how) {
      mute.server = true
      if (how === 'deaf') return
      mute.client = true
      if (how === 'reset') for (const socket of [near, far]) socket.resetAndDestroy()
      if (how === 'close') for (const socket of [near, far]) socket.end()
    },
    cutBehind(how) {
      if (how === 'silence' || how === 'deaf') return link.cut(how)
      mute.client = true
      mute.server = true
      if (how === 'reset') near.resetAndDestroy()
      else near.end()
      // A reset would make the server's kernel throw away what it has not read yet.
      far.end()
    },
    endIfSilenced() {
      if (mute.server) for (const socket of [near, far]) socket.destroy()
    },
    destroy() {
      for (const socket of [near, far]) socket.destroy()
    },
  }

  function pump(from: Socket, to: Socket, side: Side): void {
    let queue = Promise.resolve()
    const inTurn = (work: () => unknown) => {
      const due = delayMs > 0 ? pause(delayMs) : undefined
      queue = queue.then(async () => {
        await due
        if (!mute[side]) await work()
      })
    }
    from.on('data', (chunk: Buffer) => {
      for (const frame of read[side].push(chunk)) {
        if (frame.type === 'CancelRequest' && cancelling === 'at once') to.write(frame.bytes)
        else inTurn(() => forward(frame, to, side))
      }
    })
    from.on('end', () => inTurn(() => to.end()))
    from.on('error', () => inTurn(() => to.resetAndDestroy()))
    from.on('close', () => inTurn(() => to.destroySoon()))
  }

  async function forward(frame: Frame, to: Socket, side: Side): Promise<void> {
    const write = () => void to.write(frame.bytes)
    await (strikes(frame, side, ++seen)?.(write) ?? write())
  }

  pump(near, far, 'client')
  pump(far, near, 'server')
  return link
}
