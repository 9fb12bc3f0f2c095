import type { WireMessage, WireProxy } from '../support/wire/proxy.ts'
import type { Blow, Moment } from './scenario.ts'

export interface Striker {
  /** Whether its moment came; it does not come any more. */
  callOff(): boolean
}

/** Cuts the wire, or kills the process, when the moment of the blow comes. */
export function strike(proxy: WireProxy, { at, ...blow }: Blow, kill: () => Promise<void>): Striker {
  let struck = false
  if ('ms' in at) {
    const timer = setTimeout(() => {
      struck = true
      if (blow.kind === 'kill') void kill()
      else proxy.strike(blow.cut)
    }, at.ms)
    return {
      callOff() {
        clearTimeout(timer)
        return struck
      },
    }
  }
  let calledOff = false
  const isIt = recognise(at)
  const when = (message: WireMessage) => {
    struck = !calledOff && isIt(message)
    return struck
  }
  const moment = 'text' in at ? at.moment : 'before'
  const action = blow.kind === 'kill' ? kill : blow.cut
  void proxy.strikeAt(when, { action, moment, on: blow.kind === 'cut' ? blow.on : 'it' })
  return {
    callOff() {
      calledOff = true
      return struck
    },
  }
}

function recognise(
  at: Moment & ({ readonly point: number } | { readonly text: string }),
): (message: WireMessage) => boolean {
  if ('text' in at) return ({ from, text }) => from === 'client' && text.includes(at.text)
  let points = 0
  return (message) => isTurningPoint(message) && ++points === at.point
}

/** What the client says, and that the server is done: cuts between the other messages come to the same. */
export function isTurningPoint({ from, type }: WireMessage): boolean {
  return from === 'client' || type === 'Z'
}
