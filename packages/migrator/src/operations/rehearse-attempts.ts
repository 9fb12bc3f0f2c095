import type { Migration } from '../core/migration.ts'
import type { RehearsalFacts, RehearsalFailure } from '../core/rehearsal.ts'
import type { RefusedRows } from '../ports/rehearsal.ts'
import type { ScratchDatabase } from '../ports/scratch.ts'
import { type Involved, widened } from './involved.ts'
import { type Rows, walkMigration } from './rehearse-walk.ts'
import { advance, type ScratchContext, standAt } from './standing.ts'

/** How many migrations before this one rows are carried through at most. */
const CARRIED = [1, 2, 4]

/**
 * Walks a migration with rows that try it hard. Where a step fails on them, milder ones tell whether the step is to blame:
 * plain values, then rows that went through the migrations before it, as people's data do (a backfill, then NOT NULL).
 * What fails on all of them fails; whether it would on empty tables is said.
 */
export async function rehearsed(
  context: ScratchContext,
  chain: readonly Migration[],
  place: number,
  scratch: ScratchDatabase,
): Promise<RehearsalFacts> {
  const attempts = createAttempts(context, chain, place)
  const hard = await attempts.first(scratch, { before: 'edge', written: 'edge' })
  if (!hard.failure) return hard
  const { again } = attempts
  const plain = await again({ before: 'plain', written: 'plain' })
  if (!plain.failure) return withExtremes(plain, hard.failure)
  if (plain.failure.at === 'rows')
    return { ...(await again({ before: 'none', written: 'none' })), failure: plain.failure }
  if (plain.failure.at === 'down') return explainDown(plain, await again({ before: 'plain', written: 'none' }))
  if (plain.failure.at === 'second up') return plain
  const carried = await walkCarried(attempts, plain)
  if (carried) return carried
  const eased = await walkEased(again, plain)
  if (eased) return eased
  return explainUp(plain, await again({ before: 'none', written: 'none' }))
}

/** Walks of one migration, each on a database of its own that stands before it. */
interface Attempts {
  first(scratch: ScratchDatabase, rows: Rows): Promise<RehearsalFacts>
  again(rows: Rows): Promise<RehearsalFacts>
  /** With rows from so many migrations before, carried through them; undefined where they do not get through. */
  carried(steps: number, rows: Rows): Promise<RehearsalFacts | undefined>
  readonly place: number
}

function createAttempts(context: ScratchContext, chain: readonly Migration[], place: number): Attempts {
  const migration = chain[place] as Migration
  // What one walk learns of the tables that are involved serves those after it.
  let involved: Involved = new Set()

  async function walkOn(scratch: ScratchDatabase, rows: Rows): Promise<RehearsalFacts | undefined> {
    const seen = await walkMigration(context, scratch, migration, rows, involved)
    const wider = widened(involved, seen)
    if (wider === undefined) return seen.facts
    involved = wider
    return undefined
  }

  async function afresh(rows: Rows): Promise<RehearsalFacts | undefined> {
    const scratch = await standAt(context, chain.slice(0, place))
    try {
      return await walkOn(scratch, rows)
    } finally {
      await scratch.drop()
    }
  }

  async function again(rows: Rows): Promise<RehearsalFacts> {
    for (;;) {
      const facts = await afresh(rows)
      if (facts) return facts
    }
  }

  return {
    place,
    again,
    first: async (scratch, rows) => (await walkOn(scratch, rows)) ?? again(rows),
    async carried(steps, rows) {
      const scratch = await standAt(context, chain.slice(0, place - steps))
      try {
        if (!(await carry(context, scratch, chain.slice(place - steps, place)))) return undefined
        return (await walkMigration(context, scratch, migration, rows, 'all')).facts
      } finally {
        await scratch.drop()
      }
    },
  }
}

/** What holds for plain values and not for extreme ones: an up that fails is undone, a down that fails is needed. */
function withExtremes(plain: RehearsalFacts, { at, message }: RehearsalFailure): RehearsalFacts {
  if (at === 'down')
    return { ...plain, unproven: `Its down fails on extreme values (on plain ones it works): ${message}` }
  return at === 'up' ? { ...plain, conditions: [`Its up fails on extreme values: ${message}`] } : plain
}

/** How many kinds of rows a step may refuse. */
const REFUSALS = 5

/**
 * An up that refuses some rows (SET NOT NULL over NULLs, a key that is taken) is no broken one: it asks something of the
 * data. Without those rows it is walked again, and what it asks is told. One that fails on any row at all is another thing.
 */
async function walkEased(
  again: (rows: Rows) => Promise<RehearsalFacts>,
  plain: RehearsalFacts,
): Promise<RehearsalFacts | undefined> {
  const without: RefusedRows[] = []
  let facts = plain
  for (let tries = 0; facts.failure?.at === 'up' && tries < REFUSALS; tries++) {
    const refused = refusedBy(facts.failure)
    if (!refused) return undefined
    without.push(refused)
    facts = await again({ before: 'plain', written: 'plain', without })
    if ((facts.conditions?.length ?? 0) < without.length) return undefined
  }
  if (facts.failure?.at === 'up') return undefined
  const told = facts.conditions?.map((condition) => `Its up needs data where ${condition}: ${plain.failure?.message}`)
  const eased = { ...facts, conditions: told }
  if (facts.failure?.at !== 'down') return eased
  return explainDown(eased, await again({ before: 'plain', written: 'none', without }))
}

/** Integrity constraints (class 23) name the table; 23502 the column without a value. */
function refusedBy({ at, sqlstate = '', table, column }: RehearsalFailure): RefusedRows | undefined {
  if (at !== 'up' || table === undefined || !sqlstate.startsWith('23')) return undefined
  return sqlstate === '23502' ? { table, column } : { table }
}

async function walkCarried({ carried, place }: Attempts, plain: RehearsalFacts): Promise<RehearsalFacts | undefined> {
  for (const steps of CARRIED.filter((each) => each <= place)) {
    const walked = await carried(steps, { before: 'kept', written: 'plain' })
    if (walked && !walked.failure && hasRowsOf(walked, plain)) return walked
  }
  return undefined
}

/** Tables that came in between have no rows to be carried, and an empty table proves nothing. */
function hasRowsOf(walked: RehearsalFacts, plain: RehearsalFacts): boolean {
  const rows = ({ data }: RehearsalFacts, name: string) => data.before.tables.get(name)?.rows ?? 0
  return [...plain.data.before.tables.keys()].every((name) => rows(plain, name) === 0 || rows(walked, name) > 0)
}

/** Rows from before the migrations, and those through them; false where they do not get through. */
async function carry(
  context: ScratchContext,
  scratch: ScratchDatabase,
  migrations: readonly Migration[],
): Promise<boolean> {
  const session = await scratch.database.connect({ modules: false })
  try {
    await context.tools.makeRows(session, { style: 'plain' })
  } finally {
    await session.close()
  }
  return advance(context, scratch, migrations).then(
    () => true,
    (error: unknown) => {
      if (context.signal.aborted) throw error
      return false
    },
  )
}

/** A down that works until somebody writes is told apart from one that never does. */
function explainDown(failed: RehearsalFacts, untouched: RehearsalFacts): RehearsalFacts {
  if (!failed.failure || untouched.failure?.at === 'down') return failed
  const message = `${failed.failure.message} (with rows that were written since the up; without such rows it works)`
  return { ...failed, failure: { ...failed.failure, message } }
}

function explainUp(failed: RehearsalFacts, empty: RehearsalFacts): RehearsalFacts {
  if (!failed.failure || empty.failure?.at === 'up') return failed
  const { code, message } = failed.failure
  const guard = code === 'VALIDATION_FAILED'
  // Its own guard refuses rows like these: that is no fault, but what it does with others' rows is not known.
  if (guard) return { ...empty, unproven: `Its validate() refuses every generated row (export a seed(db)): ${message}` }
  return {
    ...failed,
    failure: { ...failed.failure, message: `${message} (on tables with rows; on empty ones it works)` },
  }
}
