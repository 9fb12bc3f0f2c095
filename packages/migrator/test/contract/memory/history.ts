import type { HistoryChange } from '../../../src/core/history.ts'
import { afterChange, entryOfKept, type KeptEntry } from '../../../src/core/kept-history.ts'
import { MigratorError } from '../../../src/errors.ts'
import type { HistoryStore } from '../../../src/ports/history-store.ts'
import type { Session } from '../../../src/ports/session.ts'
import type { MemoryServer } from './server.ts'

/** The name under which the history is stored, beside the objects. */
export const HISTORY = 'history'

export function createHistory({ stored }: MemoryServer): HistoryStore {
  return {
    commitsWithStep: true,
    read: async (on) => entries(on).map(entryOfKept),
    async prepare(on) {
      stored.set(HISTORY, entries(on))
    },
    async record(on, ...changes) {
      const now = new Date().toISOString()
      const after = changes.reduce((kept, change) => fitting(kept, change, now), entries(on))
      stored.set(HISTORY, after)
    },
    mayBeHarmedBy: (statement) => statement.split(' ').includes(HISTORY),
    sources: async (on, id) => entries(on).find((kept) => kept.id === id)?.sources ?? [],
    catalogBefore: async (on, id) => entries(on).find((kept) => kept.id === id)?.catalogBefore,
  }

  function entries({ isLost }: Session): readonly KeptEntry[] {
    if (isLost) throw new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.')
    return (stored.get(HISTORY) as readonly KeptEntry[] | undefined) ?? []
  }
}

function fitting(kept: readonly KeptEntry[], change: HistoryChange, now: string): readonly KeptEntry[] {
  const id = 'entry' in change ? change.entry.id : change.id
  const there = kept.some((entry) => entry.id === id)
  if ((change.kind === 'applied' && there) || (change.kind === 'reverted' && !there))
    throw new MigratorError('HISTORY_CHANGED', `The history changed meanwhile: ${id}.`)
  return afterChange(kept, change, now)
}
