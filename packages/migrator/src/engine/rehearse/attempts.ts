import { distinctHints, type RowHints } from '../../core/data/row-hints.ts'
import { explainDown, explainExtremes, explainUp, isOfValues } from '../../core/explain-failure.ts'
import type { Migration } from '../../core/migration.ts'
import type { RehearsalFacts } from '../../core/rehearsal.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { walkDistinct, walkEased } from './eased.ts'
import type { ScratchSession } from './schema-at.ts'
import { createMovingScratchSession, type MovingScratchSession } from './scratch-session.ts'
import { type TablesInScope, tellingTexts, type WalkObservation, widened } from './tables-in-scope.ts'
import { type Rows, walkMigration } from './walk.ts'

/** How many migrations before this one rows are carried through at most. */
const CARRIED = [1, 2, 4]

/**
 * Walks a migration with rows that try it hard. Where a step fails on them, milder ones tell whether the step is to blame:
 * plain values, then rows that went through the migrations before it, as people's data do (a backfill, then NOT NULL).
 * What it requires of the data is found out with rows that meet it: if it makes a key, with rows that are all different.
 * What fails on all of them fails; the report says whether it would on empty tables.
 */
export async function rehearsed(
  context: ScratchContext,
  chain: readonly Migration[],
  place: number,
  moving: MovingScratchSession,
): Promise<RehearsalFacts> {
  const attempts = createAttempts(context, chain, place, moving)
  const { walk } = attempts
  const hard = await walk({ before: 'edge', written: 'edge' })
  if (!hard.failure) return hard
  if (hard.failure.at === 'up' && hard.failure.kind === 'value-repeated') {
    const distinct = await walkDistinct(walk, hard.failure)
    if (distinct) return distinct
  }
  const plain = await walk({ before: 'plain', written: 'plain' })
  if (!plain.failure) return explainExtremes(plain, hard.failure)
  if (plain.failure.at === 'rows')
    return { ...(await walk({ before: 'none', written: 'none' })), failure: plain.failure }
  if (plain.failure.at === 'down') {
    const milder = await walk({ before: 'plain', written: 'plain', asBefore: true })
    return explainDown(plain, milder.failure ? await walk({ before: 'plain', written: 'none' }) : milder)
  }
  if (plain.failure.at === 'second up') return plain
  const empty = await walk({ before: 'none', written: 'none' })
  const eased = () => walkEased(context.tools, walk, plain, empty)
  const carried = () => walkCarried(attempts, place, plain)
  const ways = isOfValues(plain.failure) ? [eased, carried] : [carried, eased]
  for (const way of ways) {
    const facts = await way()
    if (facts) return facts
  }
  return explainUp(plain, empty)
}

/** Walks of one migration. What one of them learns of the tables that are involved serves those after it. */
interface Attempts {
  /** From right before it. */
  walk(rows: Rows): Promise<RehearsalFacts>
  /** With plain rows from so many migrations before, carried through them; undefined where they do not get through. */
  walkFrom(steps: number): Promise<RehearsalFacts | undefined>
}

function createAttempts(
  context: ScratchContext,
  chain: readonly Migration[],
  place: number,
  moving: MovingScratchSession,
): Attempts {
  const migration = chain[place] as Migration
  let scope: TablesInScope = new Set()
  let hints: RowHints | undefined

  /** Walks again with more tables, until all that were touched had rows. */
  async function walkWhole<T extends WalkObservation | undefined>(walk: () => Promise<T>): Promise<T> {
    for (;;) {
      const observed = await walk()
      const wider = observed && widened(scope, observed)
      if (wider === undefined) return observed
      scope = wider
    }
  }

  /** Again with the hints of what a module's code turned out to run, as often as it runs something new. */
  async function walkHinted(rows: Rows): Promise<RehearsalFacts> {
    hints ??= await hintsOfScripts(context, migration)
    for (let tries = 0; ; tries++) {
      const facts = await walkWith({ ...rows, hints })
      if (tries === MOST_HINTED) return facts
      const wider = distinctHints([...hints, ...(await hintsOfStatements(context, facts))])
      if (wider.length === hints.length) return facts
      hints = wider
    }
  }

  async function walkWith(rows: Rows): Promise<RehearsalFacts> {
    const { facts } = await walkWhole(async () => {
      const observed = await walkMigration(context, await moving.before(place), migration, rows, scope).catch(
        async (error: unknown) => {
          await moving.discard()
          throw error
        },
      )
      if (!observed.undone) await moving.discard()
      return observed
    })
    return facts
  }

  return {
    walk: walkHinted,
    async walkFrom(steps) {
      const earlier = chain.slice(place - steps, place)
      const observed = await walkWhole(async () => {
        const older = createMovingScratchSession(context, chain)
        try {
          await carry(context, await older.before(place - steps), earlier, migration, scope)
          return await walkMigration(
            context,
            await older.before(place),
            migration,
            { before: 'kept', written: 'plain' },
            scope,
          )
        } catch (error) {
          if (context.signal.aborted || !isUnreachable(error)) throw error
          return undefined
        } finally {
          await older.discard()
        }
      })
      return observed?.facts
    },
  }
}

/** How often a module's own statements may ask for further rows. */
const MOST_HINTED = 2

async function hintsOfScripts({ tools }: ScratchContext, migration: Migration): Promise<RowHints> {
  const hints = (['up', 'down'] as const).map((direction) => {
    const action = migration[direction]
    return action?.kind === 'sql' ? tools.hintsIn(action.sql, direction) : []
  })
  return distinctHints((await Promise.all(hints)).flat())
}

async function hintsOfStatements({ tools }: ScratchContext, { statements }: RehearsalFacts): Promise<RowHints> {
  const hints = statements.map(({ sql, direction, parameters }) => tools.hintsIn(sql, direction, parameters))
  return (await Promise.all(hints)).flat()
}

async function walkCarried(
  { walkFrom }: Attempts,
  place: number,
  plain: RehearsalFacts,
): Promise<RehearsalFacts | undefined> {
  for (const steps of CARRIED.filter((each) => each <= place)) {
    const walked = await walkFrom(steps)
    if (walked && !walked.failure && hasRowsOf(walked, plain)) return walked
  }
  return undefined
}

/** Tables that came in between have no rows to be carried, and an empty table proves nothing. */
function hasRowsOf(walked: RehearsalFacts, plain: RehearsalFacts): boolean {
  const rows = ({ data }: RehearsalFacts, name: string) => data.before.tables.get(name)?.rows ?? 0
  return [...plain.data.before.tables.keys()].every((name) => rows(plain, name) === 0 || rows(walked, name) > 0)
}

/** Rows for the tables that the migration and those before it name. */
async function carry(
  context: ScratchContext,
  { session }: ScratchSession,
  earlier: readonly Migration[],
  migration: Migration,
  scope: TablesInScope,
): Promise<void> {
  const texts = [...earlier, migration].map(tellingTexts)
  const unknown = scope === 'all' || texts.includes(undefined)
  const leftOut = unknown
    ? undefined
    : await context.tools.uninvolvedTables(
        session,
        texts.flatMap((each) => each ?? []),
        scope,
      )
  await context.tools.makeRows(session, { style: 'plain', leftOut })
}

/** The rows do not get through a migration on the way. */
function isUnreachable(error: unknown): boolean {
  return error instanceof MigratorError && error.code === 'MIGRATION_FAILED'
}
