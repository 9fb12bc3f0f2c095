import type { Migration } from '../core/migration.ts'
import { type Judgement, judgeRehearsal } from '../core/rehearsal.ts'
import type { StatementFacts } from '../core/statement-facts.ts'
import type { Catalog } from '../ports.ts'
import { rehearsed } from './rehearse-attempts.ts'
import { createMovingPlace, type MovingPlace } from './rehearse-place.ts'
import { type ScratchContext, standAt, throwIfAborted } from './standing.ts'

/** What the rehearsal of one migration came to. */
export interface Rehearsal extends Judgement {
  readonly id: string
  readonly migration: Migration
  readonly statements: readonly StatementFacts[]
  /** The catalog's fingerprint before the migration, and after its up; undefined where the up failed. */
  readonly fingerprints: { readonly before: string; readonly after: string | undefined }
  /** Milliseconds from standing there to the verdict. */
  readonly durationMs: number
  /** PostgreSQL's major version. */
  readonly major: number
}

export interface RehearseOptions {
  /** Which of the migrations are rehearsed. */
  readonly chosen: ReadonlySet<string>
  /** Told of each as soon as it is over. */
  readonly onProgress?: (rehearsal: Rehearsal) => void
}

/** Two cores have something to do, where there is enough to be done for a second database. */
const ENOUGH_FOR_TWO = 4

/**
 * Rehearses migrations, each on a scratch database that stands where all before it lead. `chain` is the whole history, in
 * the order of application. Every database that was made is dropped again. Results come in the order of the chain; a
 * broken migration is a result, but where its up does not work at all nothing after it can be tried: that rejects with
 * MIGRATION_FAILED, unless nothing was chosen after it.
 */
export async function rehearse(
  context: ScratchContext,
  chain: readonly Migration[],
  { chosen, onProgress = () => {} }: RehearseOptions,
): Promise<readonly Rehearsal[]> {
  const places = chain.flatMap(({ id }, place) => (chosen.has(id) ? [place] : []))
  const [start] = places
  if (start === undefined) return []
  const scratch = await standAt(context, chain.slice(0, start))
  const results: Rehearsal[] = []
  let next = 0

  /** Takes one after the other, and follows the history to each. */
  async function follow(moving: MovingPlace): Promise<void> {
    try {
      for (let at = next++; places[at] !== undefined; at = next++) {
        throwIfAborted(context)
        const rehearsal = await one(context, chain, places[at] as number, moving, scratch.database.catalog)
        results[at] = rehearsal
        onProgress(rehearsal)
      }
    } catch (error) {
      next = places.length
      throw error
    } finally {
      await moving.spoil()
    }
  }

  const movings = [createMovingPlace(context, chain, { scratch, start })]
  const apart = !chain.slice(start, places.at(-1)).some(concernsRoles)
  if (places.length >= ENOUGH_FOR_TWO && apart) movings.push(createMovingPlace(context, chain))
  const ended = await Promise.allSettled(movings.map(follow))
  const failure = ended.find((each) => each.status === 'rejected')
  if (failure) throw failure.reason
  return results
}

/** Roles are the whole server's: two databases that come to the same migration would be in each other's way. */
function concernsRoles({ up, sources }: Migration): boolean {
  const texts = [...(up.kind === 'sql' ? [up.sql] : []), ...sources.map(({ content }) => content)]
  return texts.some((text) => /\b(?:create|alter|drop)\s+(?:role|user|group)\b/i.test(text))
}

async function one(
  context: ScratchContext,
  chain: readonly Migration[],
  place: number,
  moving: MovingPlace,
  catalog: Catalog,
): Promise<Rehearsal> {
  const { clock, server } = context
  const migration = chain[place] as Migration
  await moving.before(place)
  const started = clock.monotonicMs()
  const facts = await rehearsed(context, chain, place, moving)
  const { before, up } = facts.catalogs
  const fingerprints = { before: await catalog.fingerprintOf(before), after: up && (await catalog.fingerprintOf(up)) }
  const { statements } = facts
  const durationMs = clock.monotonicMs() - started
  const { major } = server
  return { id: migration.id, migration, ...judgeRehearsal(facts), statements, fingerprints, durationMs, major }
}
