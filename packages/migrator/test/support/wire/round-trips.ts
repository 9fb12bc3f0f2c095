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
  const connections = new Map<number, { readonly ready: boolean; readonly last: WireMessage['from'] }>()
  let trips = 0
  return {
    seen({ connection, from, type }) {
      const before = connections.get(connection)
      if (before?.ready && from === 'client' && before.last === 'server' && type !== 'X') trips++
      connections.set(connection, { ready: before?.ready === true || type === 'Z', last: from })
    },
    take() {
      const taken = { connections: connections.size, trips }
      connections.clear()
      trips = 0
      return taken
    },
  }
}
