import { type ReadAs, readableShape } from '../../../core/data/read-as.ts'
import type { RowHints } from '../../../core/data/row-hints.ts'
import { changedSince, nameOf, shownName, type TableShape } from '../../../core/data/table-shape.ts'
import { withoutStop } from '../../../core/sentence.ts'
import { quoted } from '../history/table-name.ts'
import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import type { ValueStyle } from './candidate-rows.ts'
import { insertOrder, keyOf } from './foreign-key-order.ts'
import { hintedShape } from './hinted.ts'
import { lateStatement } from './insert-statement.ts'
import { ATTEMPTS, type Attempt, MOST_PARTITIONS, tryInsert, type Work, worksOf } from './insert-work.ts'
import { loosenedShapes, tightenedShape } from './loosened.ts'
import { readShapes } from './read-shapes.ts'
import { rowPlan } from './row-plan.ts'
import { advanceSequences } from './sequences.ts'
import type { Tables } from './shape-queries.ts'
import type { DomainValues } from './type-values.ts'
import { attempt as allowed, refusalOf, tryColumns, tryDomains } from './value-trials.ts'

export interface GenerateOptions extends Tables {
  /** Rows of each table; default 8, more where a type has more edges. A partitioned table gets two in each partition at least. */
  readonly rows?: number
  /**
   * Default `edge`: longest texts, largest numbers, finest times among them. A migration that computes with them may
   * overflow where people's data never would; whoever sees a step fail can ask again for `plain` ones.
   */
  readonly style?: ValueStyle
  /** Only tables that are new or changed since then: rows as the schema takes them now. Existing rows stay as they are. */
  readonly since?: readonly TableShape[]
  /** With `since`: only rows that the tables would have taken then, too. */
  readonly asBefore?: boolean | undefined
  /** No value is duplicated deliberately; default false: where a table allows it, a row has a twin. */
  readonly distinct?: boolean | undefined
  /** Columns whose values a step will read as another type. */
  readonly readAs?: readonly ReadAs[]
  /** What the migration's own statements look for. */
  readonly hints?: RowHints | undefined
  /** Tables that get none. */
  readonly without?: ReadonlySet<string> | undefined
  /** Hand-written rows. It runs first, and the tables that it adds rows to get no others. */
  readonly seed?: () => Promise<void>
}

export interface GeneratedRows {
  /** As the tables are now; `since` for the next time. */
  readonly shapes: readonly TableShape[]
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
  /** Tables that rows were wanted for and none could be made. */
  readonly unproven: readonly { readonly table: string; readonly why: string }[]
  /** What else a reader has to know: triggers that were off, partitions without a row, keys that stayed NULL. */
  readonly notes: readonly { readonly table: string; readonly note: string }[]
}

/**
 * Makes rows for every table that fulfil its constraints, in the session's database, which has to be a throw-away one.
 * The same schema gets the same rows. Each statement commits on its own, so the session must be outside a transaction;
 * on a failure (a lost connection; the seed's own) some rows are in. What no row can be made for is reported, not thrown.
 */
export async function generateRows(on: SqlSession, options: GenerateOptions): Promise<GeneratedRows> {
  const shapes = await readShapes(on, options)
  const [counts, horizon] = await Promise.all([countRows(on, shapes), transactionHorizon(on)])
  const seeded = options.seed ? await seed(on, shapes, counts, options.seed) : new Set<string>()
  const wanted = (options.since ? changedSince(options.since, shapes) : shapes)
    .filter((shape) => !seeded.has(nameOf(shape)) && !options.without?.has(nameOf(shape)))
    .map((shape) => readableShape(shape, options.readAs ?? []))
    .map((shape) => hintedShape(shape, options.hints ?? []))
    .map((shape) => (options.asBefore ? tightenedShape(options.since ?? [], shape) : shape))
  const { groups, late } = insertOrder(wanted)
  const works = groups.flatMap((group) => worksOf(group, late, options.rows ?? 8))
  const before = seeded.size > 0 ? await countRows(on, shapes) : counts
  const domains = await tryDomains(on, wanted)
  const tries = await runWorks(on, { works, domains, before, options })
  const loosened = wanted.flatMap((shape) =>
    shape.partitioned || options.asBefore ? [] : loosenedShapes(options.since ?? [], shape),
  )
  await Promise.all(loosened.map((shape) => fillLoosened(on, shape, domains, late)))
  if (!options.since) await advanceSequences(on)
  const lateNotes = await fillLate(on, wanted, late, horizon)
  const hadRows = new Set([...before].filter(([, count]) => count > 0).map(([name]) => name))
  return summary({ shapes, wanted, tries, hadRows, mustAdd: options.since !== undefined }, lateNotes)
}

/** Far from the numbers of all other rows. */
const FIRST_LOOSENED = 5000
const LOOSENED = 6

/** Rows that would have been refused before; what is refused still is not wanted. */
async function fillLoosened(
  on: SqlSession,
  shape: TableShape,
  domains: DomainValues,
  late: ReadonlySet<string>,
): Promise<void> {
  const [work] = worksOf({ tables: [shape], ring: false }, late, LOOSENED)
  if (!work) return
  const values = await tryColumns(on, [shape], domains, 'plain')
  await tryInsert(on, work, values, FIRST_LOOSENED, { style: 'plain', how: 'together', triggers: 'on' })
}

async function seed(
  on: SqlSession,
  shapes: readonly TableShape[],
  before: ReadonlyMap<string, number>,
  run: () => Promise<void>,
): Promise<ReadonlySet<string>> {
  await run()
  const after = await countRows(on, shapes)
  return new Set([...after].filter(([name, count]) => count !== before.get(name)).map(([name]) => name))
}

async function countRows(on: SqlSession, shapes: readonly TableShape[]): Promise<ReadonlyMap<string, number>> {
  if (shapes.length === 0) return new Map()
  const counts = shapes.map(
    (shape) => `SELECT ${literal(nameOf(shape))} AS name, count(*)::text AS rows FROM ${quoted(shape)}`,
  )
  const rows = await on.query(counts.join('\nUNION ALL '))
  return new Map(rows.map(({ name, rows: count }) => [name ?? '', Number(count)]))
}

/** Rows of transactions from here on are ours. */
async function transactionHorizon(on: SqlSession): Promise<string> {
  const [row] = await on.query(
    'SELECT (pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric % 4294967296)::text AS xid',
  )
  return row?.xid ?? '0'
}

/** How far the making of some rows has come. */
interface Try {
  readonly work: Work
  rows: number
  attempts: number
  triggersOff: boolean
  refusal: string | undefined
  state: 'open' | 'done'
}

interface Runs {
  readonly works: readonly Work[]
  readonly domains: DomainValues
  readonly before: ReadonlyMap<string, number>
  readonly options: GenerateOptions
}

/** Wave by wave: what did not get its rows tries the next way, but not before its parents have theirs. */
async function runWorks(on: SqlSession, { works, domains, before, options }: Runs): Promise<readonly Try[]> {
  const tries = works.map(
    (work): Try => ({ work, rows: 0, attempts: 0, triggersOff: false, refusal: undefined, state: 'open' }),
  )
  const isEmpty = (name: string) =>
    (before.get(name) ?? 0) === 0 &&
    !tries.some((each) => each.rows > 0 && each.work.plans.some(({ table }) => nameOf(table) === name))
  const isOpen = (name: string) =>
    tries.some((each) => each.state === 'open' && each.work.plans.some(({ table }) => nameOf(table) === name))
  for (let open = tries; open.length > 0; open = tries.filter(({ state }) => state === 'open')) {
    await sendWave(on, open, domains, options)
    for (const each of open) settle(each, isEmpty)
    for (const each of open) if (each.work.parents.some((name) => isEmpty(name) && !isOpen(name))) each.state = 'done'
    const moved = open.some((each) => each.state === 'done' || !each.work.parents.some(isEmpty))
    if (!moved) break
  }
  return tries
}

async function sendWave(
  on: SqlSession,
  open: readonly Try[],
  domains: DomainValues,
  options: GenerateOptions,
): Promise<void> {
  const attempts = open.map((each) => attemptOf(each, options))
  const styles = await Promise.all(
    (['edge', 'plain'] as const).map((style) => {
      const tables = open.flatMap(({ work }, at) =>
        attempts[at]?.style === style ? work.plans.map(({ table }) => table) : [],
      )
      return tryColumns(on, tables, domains, style)
    }),
  )
  const values = new Map(styles.flatMap((each) => [...each]))
  const stage = options.since ? 1000 : 0
  await Promise.all(
    open.map(async (each, at) => {
      const attempt = attempts[at] ?? ATTEMPTS[0]
      const outcome = await tryInsert(on, each.work, values, stage + 100 * each.attempts, attempt)
      each.rows += outcome.rows
      if (outcome.rows > 0 && attempt.triggers === 'off') each.triggersOff = true
      if (attempt.triggers === 'on') each.refusal = outcome.refusal ?? each.refusal
    }),
  )
}

function attemptOf({ attempts }: Try, { style = 'edge', distinct }: GenerateOptions): Attempt {
  const attempt = ATTEMPTS[attempts] ?? ATTEMPTS[0]
  return { ...attempt, distinct, ...(style === 'plain' ? { style } : {}) }
}

function settle(each: Try, isEmpty: (name: string) => boolean): void {
  if (each.rows === 0 && each.work.parents.some(isEmpty)) return
  each.attempts++
  const enough = each.rows >= each.work.wanted / 2 || (each.rows > 0 && each.attempts >= 2)
  if (enough || each.attempts >= ATTEMPTS.length) each.state = 'done'
}

/** Keys that close a circle, now that all rows exist. What is refused for all rows is tried for one after the other. */
async function fillLate(
  on: SqlSession,
  tables: readonly TableShape[],
  late: ReadonlySet<string>,
  horizon: string,
): Promise<GeneratedRows['notes']> {
  const notes: { table: string; note: string }[] = []
  for (const table of tables) {
    const plan = rowPlan(table, late)
    for (const key of table.foreignKeys.filter((each) => late.has(keyOf(table, each)))) {
      const statement = lateStatement(table, plan, key.name, horizon)
      if (statement === undefined) continue
      const refusal = await refused(on.execute(statement))
      if (refusal === undefined) continue
      const apart = Array.from({ length: 16 }, (_, at) =>
        allowed(on.execute(`${statement} AND m."# of row" = ${at + 1}`)),
      )
      await Promise.all(apart)
      notes.push({
        table: nameOf(table),
        note: `${key.columns.join(', ')} could not be set in every row: ${refusal}`,
      })
    }
  }
  return notes
}

async function refused(work: Promise<void>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    return refusal
  }
}

interface Ended {
  readonly shapes: readonly TableShape[]
  readonly wanted: readonly TableShape[]
  readonly tries: readonly Try[]
  /** Tables that had rows before. */
  readonly hadRows: ReadonlySet<string>
  /** Whether those prove nothing: what is new since then was not in them. */
  readonly mustAdd: boolean
}

function summary({ shapes, wanted, tries, hadRows, mustAdd }: Ended, lateNotes: GeneratedRows['notes']): GeneratedRows {
  const triesOf = (name: string) => tries.filter(({ work }) => work.plans.some(({ table }) => nameOf(table) === name))
  const tables = wanted
    .map(nameOf)
    .map((table) => ({ table, rows: triesOf(table).reduce((sum, { rows }) => sum + rows, 0) }))
  const without = new Set(tables.filter(({ rows }) => rows === 0).map(({ table }) => table))
  const empty = new Set([...without].filter((name) => !hadRows.has(name)))
  const missed = wanted
    .filter((shape) => without.has(nameOf(shape)))
    .map((shape) => ({ table: nameOf(shape), why: whyNone(shape, triesOf(nameOf(shape)), empty) }))
  const unproven = missed.filter(({ table }) => mustAdd || empty.has(table))
  const standing = missed.filter((each) => !unproven.includes(each))
  return {
    shapes,
    tables,
    unproven,
    notes: [
      ...wanted.flatMap((shape) => notesOf(shape, triesOf(nameOf(shape)))),
      ...standing.map(({ table, why }) => ({ table, note: `only its existing rows: ${why}` })),
      ...lateNotes,
    ],
  }
}

function whyNone(shape: TableShape, tries: readonly Try[], empty: ReadonlySet<string>): string {
  if (shape.partitioned && shape.partitions.length === 0) return 'it has no partition that accepts a row'
  const parent = tries.flatMap(({ work }) => work.parents).find((name) => empty.has(name) && name !== nameOf(shape))
  if (parent !== undefined) return `${shownName(parent)}, which its rows reference, has no rows`
  const refusal = tries.find((each) => each.refusal !== undefined)?.refusal
  if (refusal !== undefined) return refusal
  const checks = shape.checks.map(({ name }) => name)
  return checks.length > 0 ? `no row satisfies ${checks.join(', ')}` : 'the server kept none of the rows'
}

function notesOf(shape: TableShape, tries: readonly Try[]): GeneratedRows['notes'] {
  const table = nameOf(shape)
  const parts = tries.filter(({ rows, work }) => rows === 0 && work.part !== undefined).map(({ work }) => work.part)
  const some = tries.some(({ rows }) => rows > 0)
  return [
    ...(tries.some(({ triggersOff }) => triggersOff)
      ? [
          {
            table,
            note: `its triggers were off: with them on, no row was kept (${withoutStop(tries[0]?.refusal ?? 'they dropped every row')})`,
          },
        ]
      : []),
    ...(some && parts.length > 0 ? [{ table, note: `no value was found for ${parts.join(', ')}` }] : []),
    ...(shape.partitions.length > MOST_PARTITIONS
      ? [{ table, note: `only ${MOST_PARTITIONS} of its ${shape.partitions.length} partitions got rows` }]
      : []),
    ...(shape.hidesRows ? [{ table, note: 'row-level security hides rows from this role' }] : []),
  ]
}
