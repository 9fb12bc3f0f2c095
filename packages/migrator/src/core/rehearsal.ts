import type { CatalogSnapshot } from './catalog.ts'
import { archivesIn } from './data/archives.ts'
import { type DataLoss, describeLoss, downLoss, roundTripLoss } from './data/data-loss.ts'
import type { DataSnapshot } from './data/data-snapshot.ts'
import { repeated, type Sequences, type SetBack, setBack } from './data/sequence-data.ts'
import { shownName } from './data/table-shape.ts'
import { excerptOf } from './excerpt.ts'
import type { FailureKind } from './failure-kind.ts'
import { compareLockModes } from './lock-mode.ts'
import { type CatalogDiff, type Difference, diffCatalogs, explainDifferences } from './schema-diff.ts'
import type { StatementFacts } from './statement-facts.ts'

/**
 * `lossless`: schema and rows are restored. `lossy`: the schema is, but not all data. `order-only`: columns are in another
 * order. `broken`: a step fails, the schema is not restored, or the next row is then refused. `irreversible`: no down.
 * `unproven`: rows that matter could not be made, or the down refuses some that the up allows.
 */
export const VERDICTS = ['lossless', 'lossy', 'order-only', 'broken', 'irreversible', 'unproven'] as const
export type RehearsalVerdict = (typeof VERDICTS)[number]

/** The observations of up, down, and up again. What follows a failure is missing. */
export interface RehearsalFacts {
  readonly id: string
  /** Why there is no down. */
  readonly irreversible?: string | undefined
  readonly catalogs: {
    readonly before: CatalogSnapshot
    readonly up?: CatalogSnapshot
    readonly after?: CatalogSnapshot
    readonly again?: CatalogSnapshot
  }
  readonly data: {
    readonly before: DataSnapshot
    /** In the up state, before rows were written there. */
    readonly up?: DataSnapshot
    /** In the up state, once rows had been written there. */
    readonly written?: DataSnapshot
    readonly after?: DataSnapshot
    /** After the second up. */
    readonly again?: DataSnapshot
  }
  /** The positions of sequences. */
  readonly sequences?: { readonly before?: Sequences; readonly after?: Sequences }
  /** Tables for which no row could be made. `isNew`: the up creates them, and so touches them. */
  readonly withoutRows: readonly { readonly table: string; readonly why: string; readonly isNew?: boolean }[]
  /** Whether the locks of its statements show every table that it touches. */
  readonly transactional: boolean
  readonly statements: readonly StatementFacts[]
  readonly failure?: RehearsalFailure | undefined
  /** Why generated rows could not stand in for people's, if that is known already. */
  readonly unproven?: string | undefined
  /** What it requires of existing data; its up fails on other data. */
  readonly conditions?: readonly string[] | undefined
}

export interface RehearsalFailure {
  /** `rows`: the generated rows can't even be read (a virtual column overflows). */
  readonly at: 'rows' | 'up' | 'down' | 'second up'
  readonly message: string
  readonly code: string
  readonly kind?: FailureKind | undefined
  /** What the server reported about the rows that it refused. */
  readonly table?: string | undefined
  readonly column?: string | undefined
  /** The constraint or the index that refused them. */
  readonly rule?: string | undefined
}

export interface Judgement {
  readonly verdict: RehearsalVerdict
  /** For people, most severe first; on several lines if objects are named. */
  readonly reasons: readonly string[]
  /** The differences between the schema after the down and the one before. */
  readonly differences: readonly Difference[]
  /** Rows and values from before the up that up and down lost or changed. */
  readonly lostByRoundTrip: readonly DataLoss[]
  /** Rows and values written since the up that the down loses. */
  readonly lostByDown: readonly DataLoss[]
}

/** The verdict that follows from the facts. */
export function judgeRehearsal(facts: RehearsalFacts): Judgement {
  const { catalogs, data } = facts
  const back = catalogs.after && diffCatalogs(catalogs.before, catalogs.after)
  const again = catalogs.up && catalogs.again && diffCatalogs(catalogs.up, catalogs.again)
  const whole = data.after !== undefined
  const restarted = restartedIn(facts)
  // What they hold must be back in the tables that it came from, which the round trip shows.
  const archives = data.up ? archivesIn(data.before, data.up, catalogs.before) : new Set<string>()
  const found = {
    differences: back?.differences ?? [],
    lostByRoundTrip: [
      ...(data.after ? roundTripLoss({ ...data, after: data.after }) : []),
      ...restarted.filter(({ taken }) => !taken).map(repeated),
    ],
    lostByDown:
      data.after && data.written
        ? downLoss(data.written, data.after, data.up && { before: data.before, up: data.up }, data.again).filter(
            (loss) => !archives.has(loss.table) && !isRelabelled(loss, facts),
          )
        : [],
  }
  const broken = [...brokenBy(facts, back, again), ...restarted.flatMap(refusalReason)]
  if (broken.length > 0) return { verdict: 'broken', reasons: broken, ...found }
  if (facts.irreversible !== undefined)
    return { verdict: 'irreversible', reasons: [`There is no down: ${facts.irreversible}`], ...found }
  const unproven = unprovenBy(facts)
  const lossy = [...lossReason(found.lostByRoundTrip, CHANGED), ...lossReason(found.lostByDown, LOST)]
  const order =
    back?.verdict === 'order-only'
      ? [`The down leaves columns in a different order:\n${indented(explainDifferences(back.differences))}`]
      : []
  const reasons = [...lossy, ...order, ...unproven, ...(facts.conditions ?? [])]
  if (lossy.length > 0) return { verdict: 'lossy', reasons, ...found }
  if (unproven.length > 0 || !whole) return { verdict: 'unproven', reasons, ...found }
  return { verdict: order.length > 0 ? 'order-only' : 'lossless', reasons, ...found }
}

function restartedIn({ sequences, data }: RehearsalFacts): readonly SetBack[] {
  if (!sequences?.before || !sequences.after || !data.after) return []
  return setBack(sequences.before, sequences.after, { ...data, after: data.after })
}

function refusalReason({ sequence, next, taken }: SetBack): readonly string[] {
  if (!taken) return []
  const { table, column, upTo, remedy } = taken
  return [
    `After the down, the next row of ${shownName(table)} is rejected: ${shownName(sequence)} generates ${next}, but ${column} already has values up to ${upTo}. Let the down set it: ${remedy}`,
  ]
}

/** A value whose enum label was renamed back is the same value, although it reads differently. */
function isRelabelled({ table, column, how }: DataLoss, { catalogs, data }: RehearsalFacts): boolean {
  if (how !== 'changed' && how !== 'narrowed') return false
  const type = data.written?.tables.get(table)?.columns.find(({ name }) => name === column)?.type
  const identity = `enum ${type?.replace(/(?:\[\])+$/, '')}`
  const [before, after] = [catalogs.up?.[identity]?.values, catalogs.after?.[identity]?.values]
  return (
    before !== undefined &&
    after !== undefined &&
    before !== after &&
    before.split(', ').length === after.split(', ').length
  )
}

const CHANGED = 'Up and down together do not preserve existing data'
const LOST = 'The down loses data written after the up'

function lossReason(losses: readonly DataLoss[], what: string): readonly string[] {
  return losses.length === 0 ? [] : [`${what}:\n${indented(losses.map(describeLoss))}`]
}

function brokenBy(
  { failure, catalogs }: RehearsalFacts,
  back: CatalogDiff | undefined,
  again: CatalogDiff | undefined,
): readonly string[] {
  const failed = failure && failure.at !== 'rows' ? [`The ${failure.at} fails: ${failure.message}`] : []
  const left =
    catalogs.up && back?.verdict === 'differs'
      ? [`The down does not restore the schema:\n${indented(explainDifferences(back.differences))}`]
      : []
  // If the down left another schema, the second up necessarily differs.
  const other =
    again?.verdict === 'differs' && back?.verdict === 'identical'
      ? [
          `The second up produces a different schema from the first:\n${indented(explainDifferences(again.differences))}`,
        ]
      : []
  return [...failed, ...left, ...other]
}

/** A table without rows matters where the migration touches it. */
function unprovenBy({ withoutRows, statements, transactional, unproven, failure }: RehearsalFacts): readonly string[] {
  const touched = new Set(
    statements.flatMap(({ locks }) =>
      locks.filter(({ mode }) => compareLockModes(mode, 'ROW SHARE') > 0).map(({ relation }) => relation),
    ),
  )
  const missing = withoutRows.filter(({ table, isNew }) => isNew || !transactional || touched.has(shownName(table)))
  return [
    ...(unproven === undefined ? [] : [unproven]),
    ...(failure?.at === 'rows' ? [`The generated rows cannot be read: ${failure.message}`] : []),
    ...statements.flatMap(metNoRow),
    ...missing.map(({ table, why }) => `No row could be generated for ${shownName(table)}: ${why}`),
  ]
}

/** What changed nothing proves nothing; what it does to the rows that it is for remains to be seen. */
function metNoRow({ direction, sql, foundRows }: StatementFacts): readonly string[] {
  if (foundRows !== false) return []
  const statement = excerptOf(sql.replace(/\s+/g, ' ').trim(), 100)
  return [
    `A statement of its ${direction} matched no generated row (export a seed(db), or put an ID.seed.sql beside the pair): ${statement}`,
  ]
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}
