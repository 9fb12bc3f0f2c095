import type { WireMessage } from './proxy.ts'

export interface Trips {
  readonly connections: number
  readonly trips: number
}

export interface TripCounter {
  /** What a proxy shows every message to. */
  seen(message: WireMessage): void
  /** What was counted since the last time. */
  take(): Trips
}

/** Counts how often connections that are set up ask and wait for the answer; what is sent ahead of an answer is one with it. */
export function countTrips(): TripCounter {
  /** By connection: how many questions are unanswered. Undefined until the connection is set up. */
  const unanswered = new Map<number, number | undefined>()
  let trips = 0
  return {
    seen({ connection, from, type }) {
      const open = unanswered.get(connection)
      if (from === 'server') {
        // ReadyForQuery ends the answer to one question, and the first one the setting up.
        if (type === 'Z') unanswered.set(connection, Math.max(0, (open ?? 0) - 1))
        else if (!unanswered.has(connection)) unanswered.set(connection, undefined)
        return
      }
      if (open === undefined || type === 'X') return
      if (open === 0) trips++
      if (ASKS.has(type)) unanswered.set(connection, open + 1)
    },
    take() {
      const taken = { connections: unanswered.size, trips }
      unanswered.clear()
      trips = 0
      return taken
    },
  }
}

/** Query and Sync: what the server answers with a ReadyForQuery of its own. */
const ASKS = new Set(['Q', 'S'])
