import type { CatalogSnapshot } from '../../core/catalog.ts'
import { archivesIn } from '../../core/data/archives.ts'
import type { DataSnapshot } from '../../core/data/data-snapshot.ts'
import type { ReadAs } from '../../core/data/read-as.ts'
import type { RowHints } from '../../core/data/row-hints.ts'
import type { Sequences } from '../../core/data/sequence-data.ts'
import { nameOf } from '../../core/data/table-shape.ts'
import { failureKindOf } from '../../core/failure-kind.ts'
import type { Direction, Migration } from '../../core/migration.ts'
import type { RehearsalFacts, RehearsalFailure } from '../../core/rehearsal.ts'
import { diffCatalogs } from '../../core/schema-diff.ts'
import { withoutStop } from '../../core/sentence.ts'
import type { StatementFacts } from '../../core/statement-facts.ts'
import { MigratorError } from '../../errors.ts'
import type { LeftOut, MadeRows, RefusedRows, RowWish } from '../../ports/rehearsal.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { refuseWhatIsMissing } from './refuse-what-is-missing.ts'
import { type ScratchSession, throwIfAborted } from './schema-at.ts'
import { type TablesInScope, tellingTexts, type WalkObservation } from './tables-in-scope.ts'
import { announced, LIMITS, tryStep } from './try-step.ts'

/** Which rows stand in the tables while a migration runs up and down. */
export interface Rows {
  /** `none`: the tables stay empty. `kept`: existing ones. */
  readonly before: RowWish['style'] | 'none' | 'kept'
  /** Rows that are written in the up state, as an application would. */
  readonly written: RowWish['style'] | 'none'
  /** Only such rows there as the schema before would have taken, too. */
  readonly asBefore?: boolean
  /** No value is duplicated deliberately. */
  readonly distinct?: boolean
  /** What the migration's own statements look for. */
  readonly hints?: RowHints
  /** Columns whose values the up reads as another type. */
  readonly readAs?: readonly ReadAs[]
  /** Rows that are removed again before the up, because it refused them. */
  readonly without?: readonly RefusedRows[]
}

type Catalogs = { -readonly [Point in keyof RehearsalFacts['catalogs']]: RehearsalFacts['catalogs'][Point] }
type Data = { -readonly [Point in keyof RehearsalFacts['data']]: RehearsalFacts['data'][Point] }

interface Walk {
  readonly context: ScratchContext
  readonly place: ScratchSession
  readonly migration: Migration
  readonly statements: StatementFacts[]
  readonly leftOut: LeftOut
  readonly touched: Set<string>
}

/**
 * Up, down and up again, in a scratch database that stands before the migration; looks at schema and rows in between. A
 * step that fails ends the walk and is a fact of it. Tables that are not involved stay empty. Afterwards the database is
 * what it was, where that can be had. Rejects when it is interrupted, when the connection is lost, and with
 * SCRATCH_UNAVAILABLE for want of an extension.
 */
export async function walkMigration(
  context: ScratchContext,
  place: ScratchSession,
  migration: Migration,
  rows: Rows,
  scope: TablesInScope,
): Promise<WalkObservation> {
  const { session } = place
  const abandon = () => void session.cancel()
  context.signal.addEventListener('abort', abandon, { once: true })
  try {
    const texts = scope === 'all' ? undefined : tellingTexts(migration)
    const leftOut: LeftOut =
      scope === 'all' || !texts ? new Map() : await context.tools.uninvolvedTables(session, texts, scope)
    const touched = new Set<string>()
    const putBack = await context.tools.rememberRows(session, leftOut)
    const { facts, stands } = await walkOn({ context, place, migration, statements: [], leftOut, touched }, rows)
    return { facts, leftOut, touched, undone: stands && putBack !== undefined && (await putBack(session)) }
  } finally {
    context.signal.removeEventListener('abort', abandon)
  }
}

interface Walked {
  readonly facts: RehearsalFacts
  /** Whether the schema is again what it was before. */
  readonly stands: boolean
}

async function walkOn(walk: Walk, rows: Rows): Promise<Walked> {
  const { migration, statements, leftOut } = walk
  const { session, scratch } = walk.place
  const { tools } = walk.context
  const made = await fill(walk, rows)
  const withoutRows: RehearsalFacts['withoutRows'][number][] = [...(made?.unproven ?? [])]
  const known = new Set(made?.shapes.map(nameOf))
  const conditions = await clear(walk, rows.without ?? [])
  const catalogs: Catalogs = { before: await scratch.database.catalog.snapshot(session) }
  const data: Data = { before: { tables: new Map() } }
  const sequences: { before?: Sequences; after?: Sequences } = {}
  const ended = (stands: boolean, failure?: RehearsalFailure): Walked => ({
    stands,
    facts: {
      id: migration.id,
      irreversible: migration.down ? undefined : (migration.irreversible ?? 'it has none'),
      transactional: migration.transactional,
      withoutRows,
      ...{ catalogs, data, sequences, statements, failure, conditions },
    },
  })
  const read = async (point: keyof Data): Promise<RehearsalFailure | undefined> => {
    try {
      data[point] = await tools.takeSnapshot(session, leftOut)
      if (point === 'before' || point === 'after') sequences[point] = await tools.readSequences(session, leftOut)
      return undefined
    } catch (error) {
      return failureOf('rows', error)
    }
  }
  // A transaction that is rolled back leaves nothing, so what comes last in it is only tried.
  const { transactional } = migration

  const unreadable = await read('before')
  if (unreadable) return ended(true, unreadable)
  const up = await attempt(walk, 'up', 'up', !migration.down)
  if (up.failure) return ended(transactional, up.failure)
  catalogs.up = up.catalog
  if (!migration.down) return ended(transactional)
  if (rows.written !== 'none') {
    const own = await read('up')
    if (own) return ended(false, own)
    const written = await tools.makeRows(session, {
      style: rows.written,
      leftOut,
      distinct: rows.distinct,
      hints: rows.hints,
      without: data.up ? archivesIn(data.before, data.up, catalogs.before) : new Set<string>(),
      ...(made ? { since: made.shapes, asBefore: rows.asBefore } : {}),
    })
    const empty = written.unproven.filter(({ table }) => !known.has(table) && !data.up?.tables.get(table)?.rows)
    withoutRows.push(...empty.map((each) => ({ ...each, isNew: true })))
    const failure = await read('written')
    if (failure) return ended(false, failure)
  }
  const down = await attempt(walk, 'down', 'down')
  if (down.failure) return ended(false, down.failure)
  catalogs.after = down.catalog
  const lost = await read('after')
  if (lost) return ended(false, lost)
  const stands = diffCatalogs(catalogs.before, down.catalog).verdict === 'identical'
  const again = await attempt(walk, 'up', 'second up', true)
  if (again.failure) return ended(stands && transactional, again.failure)
  catalogs.again = again.catalog
  if (again.data) data.again = again.data
  return ended(stands && (transactional || (await isTakenBack(walk, catalogs.before))))
}

/** What a transaction cannot roll back is undone by the down once more. */
async function isTakenBack({ context, place, migration }: Walk, before: CatalogSnapshot): Promise<boolean> {
  const { signal } = context
  const { session, scratch } = place
  const { catalog } = scratch.database
  try {
    const watch = announced(context, migration, 'down')
    await tryStep(session, scratch, { migration, direction: 'down', signal, watch })
  } catch (error) {
    if (session.isLost) throw error
    return false
  }
  return diffCatalogs(before, await catalog.snapshot(session)).verdict === 'identical'
}

async function fill(
  { context, place: { session }, migration, leftOut }: Walk,
  { before, readAs = [], distinct, hints }: Rows,
): Promise<MadeRows | undefined> {
  if (before === 'none') return undefined
  if (before === 'kept') return { shapes: await context.tools.readShapes(session, leftOut), unproven: [], notes: [] }
  const { seed } = migration
  const wish = seed ? { seed: async () => (await session.outside(LIMITS)).perform(seed) } : {}
  return context.tools.makeRows(session, { style: before, leftOut, readAs, distinct, hints, ...wish })
}

async function clear(
  { context, place: { session } }: Walk,
  refused: readonly RefusedRows[],
): Promise<readonly string[]> {
  const conditions: string[] = []
  for (const rows of refused) {
    const condition = await context.tools.removeRows(session, rows)
    if (condition !== undefined) conditions.push(condition)
  }
  return conditions
}

type Attempted =
  | { readonly failure: RehearsalFailure }
  | { readonly failure?: undefined; readonly catalog: CatalogSnapshot; readonly data?: DataSnapshot | undefined }

/**
 * Runs a step and looks at the schema that it leads to; `undo` rolls it back then, where it runs in a transaction. Only the
 * first time in each direction is measured; the second up would say the same.
 */
async function attempt(walk: Walk, direction: Direction, at: RehearsalFailure['at'], undo = false): Promise<Attempted> {
  const { context, migration, leftOut } = walk
  const { tools } = context
  const { session, scratch } = walk.place
  const { catalog } = scratch.database
  throwIfAborted(context)
  const watch = announced(context, migration, direction)
  const within = migration.transactional ? 'transaction' : 'no-transaction'
  const way = { direction, within, database: scratch.database } as const
  const observer = at === 'second up' ? undefined : await context.tools.observe(session, way)
  let inside: CatalogSnapshot | undefined
  let data: DataSnapshot | undefined
  const look = async () => {
    inside = await catalog.snapshot(session)
    if (at === 'second up') data = await tools.takeSnapshot(session, leftOut, 'within')
  }
  try {
    await tryStep(session, scratch, {
      migration,
      direction,
      signal: context.signal,
      watch: { ...watch, ...observer?.watch },
      ...(observer ? { beforeCommit: observer.beforeCommit } : {}),
      ...(undo ? { insteadOfCommit: look } : {}),
    })
    if (at === 'second up' && !inside) data = await tools.takeSnapshot(session, leftOut)
    return { catalog: inside ?? (await catalog.snapshot(session)), data }
  } catch (error) {
    throwIfAborted(context)
    await refuseWhatIsMissing(context, session, migration, error)
    return { failure: failureOf(at, error) }
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
  const { table, column_name: column, constraint: rule } = error.details
  const kind = failureKindOf(error)
  const text = (value: unknown) => (value === undefined ? undefined : String(value))
  const told = { kind, table: text(table), column: text(column), rule: text(rule) }
  const message = withoutStop(kind === 'needs-no-transaction' ? `${error.message} ${error.hint}` : error.message)
  return { at, message, code: error.code, ...told }
}
