import type { Direction, Migration } from '../core/migration.ts'
import type { RehearsalFacts, RehearsalFailure } from '../core/rehearsal.ts'
import type { StatementFacts } from '../core/statement-facts.ts'
import { MigratorError } from '../errors.ts'
import type { LeftOut, MadeRows, RefusedRows, RowWish } from '../ports/rehearsal.ts'
import type { ScratchDatabase } from '../ports/scratch.ts'
import type { Session } from '../ports.ts'
import { type Involved, type Seen, tellingTexts } from './involved.ts'
import { refuseMissingExtension, type ScratchContext, throwIfAborted } from './standing.ts'
import { tryStep } from './try-step.ts'

/** Which rows stand in the tables while a migration is walked up and down. */
export interface Rows {
  /** `none`: the tables stay empty. `kept`: those that are there already. */
  readonly before: RowWish['style'] | 'none' | 'kept'
  /** Rows that are written in the up state, as an application would. */
  readonly written: RowWish['style'] | 'none'
  /** Rows that are removed again before the up, because it refused them. */
  readonly without?: readonly RefusedRows[]
}

type Catalogs = { -readonly [Point in keyof RehearsalFacts['catalogs']]: RehearsalFacts['catalogs'][Point] }
type Data = { -readonly [Point in keyof RehearsalFacts['data']]: RehearsalFacts['data'][Point] }

interface Walk {
  readonly context: ScratchContext
  readonly scratch: ScratchDatabase
  readonly session: Session
  readonly migration: Migration
  readonly statements: StatementFacts[]
  readonly leftOut: LeftOut
  readonly touched: Set<string>
}

/**
 * Up, down and up again, in a scratch database that stands before the migration; looks at schema and rows in between. A
 * step that fails ends the walk and is a fact of it. Tables that are not involved stay empty. Rejects when it is interrupted, when the connection is lost, and with
 * SCRATCH_UNAVAILABLE for want of an extension.
 */
export async function walkMigration(
  context: ScratchContext,
  scratch: ScratchDatabase,
  migration: Migration,
  rows: Rows,
  involved: Involved,
): Promise<Seen> {
  const session = await scratch.database.connect({ modules: migration.format === 'module' })
  const abandon = () => void session.cancel()
  context.signal.addEventListener('abort', abandon, { once: true })
  try {
    const texts = involved === 'all' ? undefined : tellingTexts(migration)
    const leftOut: LeftOut =
      involved === 'all' || !texts ? new Map() : await context.tools.uninvolvedTables(session, texts, involved)
    const touched = new Set<string>()
    const facts = await walkOn({ context, scratch, session, migration, statements: [], leftOut, touched }, rows)
    return { facts, leftOut, touched }
  } finally {
    context.signal.removeEventListener('abort', abandon)
    await session.close()
  }
}

async function walkOn(walk: Walk, rows: Rows): Promise<RehearsalFacts> {
  const { session, migration, statements, leftOut } = walk
  const { tools } = walk.context
  const { catalog } = walk.scratch.database
  const made = rows.before === 'none' ? undefined : await fill(walk, rows.before)
  const conditions = await clear(walk, rows.without ?? [])
  const catalogs: Catalogs = { before: await catalog.snapshot(session) }
  const data: Data = { before: { tables: new Map() } }
  const facts = (failure?: RehearsalFailure): RehearsalFacts => ({
    id: migration.id,
    irreversible: migration.down ? undefined : (migration.irreversible ?? 'it has none'),
    transactional: migration.transactional,
    withoutRows: made?.unproven ?? [],
    ...{ catalogs, data, statements, failure, conditions },
  })
  const read = async (point: keyof Data): Promise<RehearsalFailure | undefined> => {
    try {
      data[point] = await tools.takeSnapshot(session, leftOut)
      return undefined
    } catch (error) {
      return failureOf('rows', error)
    }
  }

  const unreadable = await read('before')
  if (unreadable) return facts(unreadable)
  const up = await attempt(walk, 'up', 'up')
  if (up) return facts(up)
  catalogs.up = await catalog.snapshot(session)
  if (!migration.down) return facts()
  if (rows.written !== 'none') {
    await tools.makeRows(session, { style: rows.written, leftOut, ...(made ? { since: made.shapes } : {}) })
    const failure = await read('written')
    if (failure) return facts(failure)
  }
  const down = await attempt(walk, 'down', 'down')
  if (down) return facts(down)
  catalogs.after = await catalog.snapshot(session)
  const lost = await read('after')
  if (lost) return facts(lost)
  // Each command has a session of its own: what was temporary in the first up's is gone by the second.
  await session.execute('DISCARD TEMP')
  const again = await attempt(walk, 'up', 'second up')
  if (again) return facts(again)
  catalogs.again = await catalog.snapshot(session)
  return facts()
}

async function fill(
  { context, session, migration, leftOut }: Walk,
  rows: Exclude<Rows['before'], 'none'>,
): Promise<MadeRows> {
  if (rows === 'kept') return { shapes: await context.tools.readShapes(session, leftOut), unproven: [], notes: [] }
  const { seed } = migration
  const wish = seed ? { seed: () => session.perform(seed, { within: 'no-transaction' }) } : {}
  return context.tools.makeRows(session, { style: rows, leftOut, ...wish })
}

async function clear({ context, session }: Walk, refused: readonly RefusedRows[]): Promise<readonly string[]> {
  const conditions: string[] = []
  for (const rows of refused) {
    const condition = await context.tools.removeRows(session, rows)
    if (condition !== undefined) conditions.push(condition)
  }
  return conditions
}

/** Only the first time in each direction is measured; the second up would say the same. */
async function attempt(
  walk: Walk,
  direction: Direction,
  at: RehearsalFailure['at'],
): Promise<RehearsalFailure | undefined> {
  const { context, scratch, session, migration } = walk
  throwIfAborted(context)
  const within = migration.transactional ? 'transaction' : 'no-transaction'
  const observer =
    at === 'second up'
      ? undefined
      : await context.tools.observe(session, {
          direction,
          within,
          database: scratch.database,
        })
  try {
    await tryStep(session, scratch.database.catalog, {
      migration,
      direction,
      ...(observer ? { watch: observer.watch, beforeCommit: observer.beforeCommit } : {}),
    })
    return undefined
  } catch (error) {
    throwIfAborted(context)
    await refuseMissingExtension(context, session, migration, error)
    return failureOf(at, error)
  } finally {
    if (observer) {
      walk.statements.push(...(await observer.end()))
      for (const oid of observer.touched) walk.touched.add(oid)
    }
  }
}

/** What the server refused, as a fact; throws what is no finding of the rehearsal's. */
function failureOf(at: RehearsalFailure['at'], error: unknown): RehearsalFailure {
  if (!(error instanceof MigratorError) || error.code === 'CONNECTION_LOST') throw error
  const { sqlstate, table, column_name: column } = error.details
  const text = (value: unknown) => (value === undefined ? undefined : String(value))
  const told = { sqlstate: text(sqlstate), table: text(table), column: text(column) }
  return { at, message: error.message, code: error.code, ...told }
}
