import type { Migration } from '../core/migration.ts'
import type { ScratchDatabase } from '../ports/scratch.ts'
import type { Session } from '../ports.ts'
import { advanceOn, type Place, type ScratchContext, standAt } from './standing.ts'

/**
 * A place that follows the history from one rehearsal to the next. Making a database costs more than a rehearsal does, so
 * the same one serves as long as each walk leaves it as it was.
 */
export interface MovingPlace {
  /** Stands before the migration at this number in the chain, without any made-up row. Rejects as `standAt` does; then there is no place. */
  before(place: number): Promise<Place>
  /** What was walked there is not undone: the next place is a new one. */
  spoil(): Promise<void>
}

/** `first` is taken over: it stands before the migration at `start`. */
export function createMovingPlace(
  context: ScratchContext,
  chain: readonly Migration[],
  first?: { readonly scratch: ScratchDatabase; readonly start: number },
): MovingPlace {
  let current: { readonly scratch: ScratchDatabase; session?: Session; at: number } | undefined = first && {
    scratch: first.scratch,
    at: first.start,
  }
  const modules = chain.some(({ format }) => format === 'module')

  async function spoil(): Promise<void> {
    const spoilt = current
    current = undefined
    await spoilt?.session?.close()
    await spoilt?.scratch.drop()
  }

  return {
    spoil,
    async before(place) {
      if (current && (current.at > place || current.session?.isLost)) await spoil()
      current ??= { scratch: await standAt(context, chain.slice(0, place), 'when it took long'), at: place }
      const { scratch } = current
      current.session ??= await scratch.database.connect({ modules })
      try {
        await advanceOn(context, { scratch, session: current.session }, chain.slice(current.at, place))
      } catch (error) {
        await spoil()
        throw error
      }
      current.at = place
      return { scratch, session: current.session }
    },
  }
}
