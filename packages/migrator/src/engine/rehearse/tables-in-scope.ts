import type { CatalogSnapshot } from '../../core/catalog.ts'
import type { FailureKind } from '../../core/failure-kind.ts'
import type { Migration } from '../../core/migration.ts'
import type { RehearsalFacts, RehearsalFailure } from '../../core/rehearsal.ts'
import type { LeftOut } from '../../ports/rehearsal.ts'

/**
 * A long history has many tables, and a migration touches few of them: only those get rows and are compared. Its text names
 * them; its locks tell afterwards whether that was all. This type: all tables, or what the text names and these.
 */
export type TablesInScope = 'all' | ReadonlySet<string>

/** What tells which tables a migration touches; undefined where nothing does, or no locks would confirm it. */
export function tellingTexts({ transactional, up, down, sources }: Migration): readonly string[] | undefined {
  if (!transactional) return undefined
  if (up.kind === 'sql') return [up.sql, ...(down?.kind === 'sql' ? [down.sql] : [])]
  return sources.length === 0 ? undefined : sources.map(({ content }) => content)
}

/** What a walk with some tables left out came to. */
export interface WalkObservation {
  readonly facts: RehearsalFacts
  readonly leftOut: LeftOut
  /** Oids of what was locked. */
  readonly touched: ReadonlySet<string>
  /** Whether the database is again what it was before the walk. */
  readonly undone: boolean
}

/** Which tables have to be involved for the facts to hold; undefined when they hold as they are. */
export function widened(scope: TablesInScope, { facts, leftOut, touched }: WalkObservation): TablesInScope | undefined {
  if (scope === 'all' || leftOut.size === 0) return undefined
  const { before, up, after } = facts.catalogs
  const changed = changesValues(before, up) || (up !== undefined && changesValues(up, after))
  if (changed || mayHangOnOtherRows(facts.failure)) return 'all'
  const strayed = [...touched].flatMap((oid) => leftOut.get(oid) ?? [])
  return strayed.length === 0 ? undefined : new Set([...scope, ...strayed])
}

/**
 * A statement that fails takes its locks with it. What the server has against existing rows, or against the
 * statement whatever the rows, does not go away with more rows elsewhere; any other failure may.
 */
function mayHangOnOtherRows(failure: RehearsalFailure | undefined): boolean {
  return failure !== undefined && failure.at !== 'rows' && !(failure.kind !== undefined && SETTLED.has(failure.kind))
}

const SETTLED: ReadonlySet<FailureKind> = new Set([
  ...(['value-refused', 'value-missing', 'value-repeated', 'rule-refused'] as const),
  ...(['statement-refused', 'missing-object'] as const),
])

/** An enum's renamed label or a composite type's attribute changes values in tables that nobody locks. */
function changesValues(from: CatalogSnapshot, to: CatalogSnapshot | undefined): boolean {
  if (!to) return false
  return Object.keys(from).some((object) => {
    const [before, after] = [from[object], to[object]]
    if (!before || !after) return false
    if (object.startsWith('attribute order ')) return before.columns !== after.columns
    if (!object.startsWith('enum ')) return false
    const labels = new Set(after.values?.split(', '))
    return before.values?.split(', ').some((label) => !labels.has(label)) ?? false
  })
}
