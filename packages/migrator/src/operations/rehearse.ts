import type { Migration } from '../core/migration.ts'
import { type Judgement, judgeRehearsal, type RehearsalFacts } from '../core/rehearsal.ts'
import type { StatementFacts } from '../core/statement-facts.ts'
import type { ScratchDatabase } from '../ports/scratch.ts'
import { rehearsed } from './rehearse-attempts.ts'
import { advance, type ScratchContext, standAt, throwIfAborted } from './standing.ts'

/** What the rehearsal of one migration came to. */
export interface Rehearsal extends Judgement {
  readonly id: string
  readonly migration: Migration
  readonly statements: readonly StatementFacts[]
  /** The catalog's fingerprint before the migration, and after its up; undefined where the up failed. */
  readonly fingerprints: { readonly before: string; readonly after: string | undefined }
  /** Milliseconds from the copy of the database to the verdict. */
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

/** While one is walked up and down, the next one's place is made ready: both of two cores have something to do. */
const AT_ONCE = 2

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
  const first = places[0]
  const last = places.at(-1)
  if (first === undefined || last === undefined) return []
  const walker = await standAt(context, chain.slice(0, first))
  const under: Promise<Rehearsal>[] = []
  try {
    for (let place = first; place <= last; place++) {
      throwIfAborted(context)
      const migration = chain[place] as Migration
      if (chosen.has(migration.id)) {
        const scratch = place === last ? walker : await context.server.copy(walker)
        if (under.length >= AT_ONCE) await under[under.length - AT_ONCE]
        under.push(watched(one(context, chain, place, scratch, onProgress)))
      }
      if (place === last) break
      await advance(context, walker, [migration]).catch(async (error: unknown) => {
        await under.at(-1) // It tells more of the failure than "not reachable" does.
        throw error
      })
    }
    return await Promise.all(under)
  } finally {
    await Promise.allSettled(under)
    await walker.drop()
  }
}

async function one(
  context: ScratchContext,
  chain: readonly Migration[],
  place: number,
  scratch: ScratchDatabase,
  onProgress: (rehearsal: Rehearsal) => void,
): Promise<Rehearsal> {
  const started = context.clock.monotonicMs()
  try {
    const facts = await rehearsed(context, chain, place, scratch)
    const rehearsal = await resultOf(context, chain[place] as Migration, facts, scratch, started)
    onProgress(rehearsal)
    return rehearsal
  } finally {
    await scratch.drop()
  }
}

async function resultOf(
  { clock, server }: ScratchContext,
  migration: Migration,
  facts: RehearsalFacts,
  { database }: ScratchDatabase,
  started: number,
): Promise<Rehearsal> {
  const { before, up } = facts.catalogs
  const fingerprints = {
    before: await database.catalog.fingerprintOf(before),
    after: up && (await database.catalog.fingerprintOf(up)),
  }
  const durationMs = clock.monotonicMs() - started
  const { statements } = facts
  return {
    id: migration.id,
    migration,
    ...judgeRehearsal(facts),
    statements,
    fingerprints,
    durationMs,
    major: server.major,
  }
}

/** Its rejection is looked at when its turn comes. */
function watched<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}
