import { setTimeout as pause } from 'node:timers/promises'

/** Far longer than a module needs that reads a file, or asks a service for a setting. */
const LOAD_LIMIT_MS = 30_000

/** What the loading code resolves with. Rejects after half a minute: an `await` that never settles would hang the command. */
export async function withinLoadLimit<T>(loading: Promise<T>, limitMs = LOAD_LIMIT_MS): Promise<T> {
  const over = new AbortController()
  const late = pause(limitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`still loading after ${limitMs / 1000} s; an await in it, or in what it imports, never settles`)
  })
  try {
    return await Promise.race([loading, late])
  } finally {
    over.abort()
  }
}
