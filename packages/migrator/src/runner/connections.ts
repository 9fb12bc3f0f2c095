import { overriding } from '../core/overriding.ts'
import type { Database } from '../ports/database.ts'
import type { EventLog } from '../ports/events.ts'
import type { RunLock } from '../ports/run-lock.ts'
import type { Session } from '../ports/session.ts'

/** The connections of one call of the library. */
export interface CallConnections {
  /** The database as the call sees it; its `close` ends the call's own connections and leaves those of others alone. */
  readonly database: Database
  /** Ends whatever the call has left open. */
  close(): Promise<void>
}

/** A process may hold one adapter for months, so a call leaves none of its connections behind, whatever became of it. */
export function connectionsOf(database: Database): CallConnections {
  const open = new Set<() => Promise<void>>()
  const opening = new Set<Promise<unknown>>()
  return {
    close,
    database: overriding(database, {
      connect: (options) => tracked(database.connect(options).then(closed)),
      replace: (lost, options) => tracked(database.replace(lost, options).then(closed)),
      tryRunLock: () => tracked(database.tryRunLock().then((lock) => lock && released(lock))),
      ...(database.log && { log: logging(database.log.bind(database)) }),
      close,
    }),
  }

  async function close(): Promise<void> {
    await Promise.allSettled(opening)
    const ends = [...open]
    open.clear()
    const ended = await Promise.allSettled(ends.map((end) => end()))
    const failure = ended.find((each) => each.status === 'rejected')
    if (failure) throw failure.reason
  }

  /** What looks on from beside may be about to connect when the call ends. */
  async function tracked<T>(connecting: Promise<T>): Promise<T> {
    opening.add(connecting)
    try {
      return await connecting
    } finally {
      opening.delete(connecting)
    }
  }

  function closed<T extends Session | EventLog>(opened: T): T {
    const end = () => opened.close()
    open.add(end)
    return overriding<Session | EventLog>(opened, { close: () => ended(end) }) as T
  }

  function released(lock: RunLock): RunLock {
    const end = () => lock.release()
    open.add(end)
    return overriding(lock, { release: () => ended(end) })
  }

  function logging(log: NonNullable<Database['log']>): NonNullable<Database['log']> {
    return (operator, onWarning) => closed(log(operator, onWarning))
  }

  async function ended(end: () => Promise<void>): Promise<void> {
    open.delete(end)
    await end()
  }
}
