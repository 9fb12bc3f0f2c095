import type { Migration } from '../../core/migration.ts'
import type { ScratchContext, ScratchDatabase } from '../../ports/scratch.ts'
import type { StepSession } from '../../ports/step.ts'
import { advanceOn, type ScratchSession, schemaAt } from './schema-at.ts'

/**
 * A place that follows the history from one rehearsal to the next. Making a database costs more than a rehearsal does, so
 * the same one serves as long as each walk leaves it as it was.
 */
export interface MovingScratchSession {
  /** Stands before the migration at this number in the chain, without any made-up row. Rejects as `schemaAt` does; then there is no place. */
  before(place: number): Promise<ScratchSession>
  /** What was rehearsed there is not undone: the next place is a new one. */
  discard(): Promise<void>
}

/** `keep`: whether the first database is kept as a template however quickly it was made, for the next time. */
export function createMovingScratchSession(
  context: ScratchContext,
  chain: readonly Migration[],
  keep: 'always' | 'when it took long' = 'when it took long',
): MovingScratchSession {
  let current: { readonly scratch: ScratchDatabase; session?: StepSession; at: number } | undefined
  let keeping = keep
  const modules = chain.some(({ format }) => format === 'module')

  async function discard(): Promise<void> {
    const spoilt = current
    current = undefined
    await spoilt?.session?.close()
    await spoilt?.scratch.drop()
  }

  return {
    discard,
    async before(place) {
      if (current && (current.at > place || current.session?.isLost)) await discard()
      current ??= { scratch: await schemaAt(context, chain.slice(0, place), keeping), at: place }
      keeping = 'when it took long'
      const { scratch } = current
      current.session ??= await scratch.database.connect({ modules })
      try {
        await advanceOn(context, { scratch, session: current.session }, chain.slice(current.at, place))
      } catch (error) {
        await discard()
        throw error
      }
      current.at = place
      return { scratch, session: current.session }
    },
  }
}
