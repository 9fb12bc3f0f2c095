import { harmlessly } from '../../core/harmless.ts'
import type { Migration } from '../../core/migration.ts'
import { type Judgement, judgeRehearsal } from '../../core/rehearsal.ts'
import type { StatementFacts } from '../../core/statement-facts.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { rehearsed } from './attempts.ts'
import { throwIfAborted } from './schema-at.ts'
import { createMovingScratchSession, type MovingScratchSession } from './scratch-session.ts'

/** What the rehearsal of one migration came to. */
export interface Rehearsal extends Judgement {
  readonly id: string
  readonly migration: Migration
  readonly statements: readonly StatementFacts[]
  /** The catalog's fingerprint before the migration, and after its up; undefined where it was not reached, and where the up failed. */
  readonly fingerprints: { readonly before: string | undefined; readonly after: string | undefined }
  /** Milliseconds from standing there to the verdict. */
  readonly durationMs: number
  /** PostgreSQL's major version. */
  readonly major: number
  /** Why it could not be tried: a migration on the way to it does not apply, or the server lacks what it needs. */
  readonly obstacle?: MigratorError
}

export interface RehearseOptions {
  /** Which of the migrations are rehearsed. */
  readonly chosen: ReadonlySet<string>
  /** Receives each as soon as it is over. What it throws or rejects with is ignored. */
  readonly onProgress?: ((rehearsal: Rehearsal) => unknown) | undefined
}

/** Who only looks on must not stop what it looks at. */
const ignore = () => {}

/** Two cores have something to do, where there is enough to be done for a second database. */
const ENOUGH_FOR_TWO = 4

/**
 * Rehearses migrations, each on a scratch database that stands where all before it lead. `chain` is the whole history, in
 * the order of application. Every database that was made is dropped again. Results come in the order of the chain; a
 * broken migration is a result. Where an up does not work at all, or wants what the server does not have, nothing after it
 * can be tried: that is `unproven`, with its obstacle (MIGRATION_FAILED or SCRATCH_UNAVAILABLE).
 */
export async function rehearse(
  context: ScratchContext,
  chain: readonly Migration[],
  { chosen, onProgress = () => {} }: RehearseOptions,
): Promise<readonly Rehearsal[]> {
  const places = chain.flatMap(({ id }, place) => (chosen.has(id) ? [place] : []))
  const [start] = places
  if (start === undefined) return []
  const results: Rehearsal[] = []
  let next = 0
  let blocked: Blocked | undefined

  /** Takes one after the other, and follows the history to each. */
  async function follow(moving: MovingScratchSession): Promise<void> {
    try {
      for (let at = next++; places[at] !== undefined; at = next++) {
        throwIfAborted(context)
        const place = places[at] as number
        const rehearsal = (blocked && notReached(context, chain, place, blocked)) ?? (await tryOne(moving, place))
        results[at] = rehearsal
        harmlessly(() => onProgress(rehearsal), ignore)
      }
    } catch (error) {
      next = places.length
      throw error
    } finally {
      await moving.discard()
    }
  }

  async function tryOne(moving: MovingScratchSession, place: number): Promise<Rehearsal> {
    try {
      return await one(context, chain, place, moving)
    } catch (error) {
      blocked = blockedBy(chain, error)
      const rehearsal = blocked && notReached(context, chain, place, blocked)
      if (!rehearsal) throw error
      return rehearsal
    }
  }

  const movings = [createMovingScratchSession(context, chain, 'always')]
  const apart = !chain.slice(start, places.at(-1)).some(concernsRoles)
  if (places.length >= ENOUGH_FOR_TWO && apart) movings.push(createMovingScratchSession(context, chain))
  const ended = await Promise.allSettled(movings.map(follow))
  const failure = ended.find((each) => each.status === 'rejected')
  if (failure) throw failure.reason
  return results
}

/** From this place in the history on nothing can be tried. */
interface Blocked {
  readonly from: number
  readonly obstacle: MigratorError
}

/** What stops a walk along the history names the migration where it stopped. */
function blockedBy(chain: readonly Migration[], error: unknown): Blocked | undefined {
  if (!(error instanceof MigratorError)) return undefined
  const at = chain.findIndex(({ id }) => id === error.details.id)
  if (at < 0) return undefined
  if (error.code === 'MIGRATION_FAILED') return { from: at + 1, obstacle: error }
  return error.code === 'SCRATCH_UNAVAILABLE' ? { from: at, obstacle: error } : undefined
}

function notReached(
  { server }: ScratchContext,
  chain: readonly Migration[],
  place: number,
  { from, obstacle }: Blocked,
): Rehearsal | undefined {
  if (place < from) return undefined
  const migration = chain[place] as Migration
  return {
    ...{ id: migration.id, migration, verdict: 'unproven', reasons: [obstacle.message], differences: [] },
    ...{ lostByRoundTrip: [], lostByDown: [], statements: [], durationMs: 0, major: server.major, obstacle },
    fingerprints: { before: undefined, after: undefined },
  }
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
  moving: MovingScratchSession,
): Promise<Rehearsal> {
  const { clock, server } = context
  const migration = chain[place] as Migration
  const { catalog } = (await moving.before(place)).scratch.database
  const started = clock.monotonicMs()
  const facts = await rehearsed(context, chain, place, moving)
  const { before, up } = facts.catalogs
  const fingerprints = { before: await catalog.fingerprintOf(before), after: up && (await catalog.fingerprintOf(up)) }
  const { statements } = facts
  const durationMs = clock.monotonicMs() - started
  const { major } = server
  return { id: migration.id, migration, ...judgeRehearsal(facts), statements, fingerprints, durationMs, major }
}
