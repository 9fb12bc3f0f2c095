import type { CatalogSnapshot } from '../../core/catalog.ts'
import { readIdentity } from '../../core/catalog-identity.ts'
import { type ReadAs, textsReadAs } from '../../core/data/read-as.ts'
import { shownName } from '../../core/data/table-shape.ts'
import { explainDown, isOfValues } from '../../core/explain-failure.ts'
import type { RehearsalFacts, RehearsalFailure } from '../../core/rehearsal.ts'
import type { RefusedRows, RehearsalTools } from '../../ports/rehearsal.ts'
import type { Rows } from './walk.ts'

/** Walks a migration with such rows, from right before it. */
export type WalkWith = (rows: Rows) => Promise<RehearsalFacts>

type Casts = Pick<RehearsalTools, 'castsIn'>

/** How many kinds of rows a step may refuse. */
const REFUSALS = 5

/**
 * An up that refuses some rows makes demands on the data, and is not broken: SET NOT NULL over NULLs, a key that is taken, a
 * text that it reads as a number or a document. It is rehearsed again without those rows, or with texts that it can read, and
 * its demands are reported. Undefined if nothing helps: it fails on any row at all, or for other reasons. `empty` is its
 * result without rows.
 */
export async function walkEased(
  tools: Casts,
  walk: WalkWith,
  plain: RehearsalFacts,
  empty: RehearsalFacts,
): Promise<RehearsalFacts | undefined> {
  const without: RefusedRows[] = []
  const keys: RehearsalFailure[] = []
  let rows: Rows = { before: 'plain', written: 'plain' }
  let facts = plain
  for (let tries = 0; facts.failure?.at === 'up' && tries < REFUSALS; tries++) {
    if (facts.failure.kind === 'value-repeated' && !rows.distinct) {
      keys.push(facts.failure)
      rows = { ...rows, distinct: true }
      facts = await walk(rows)
      continue
    }
    const refused = refusedBy(facts.failure)
    const readAs = rows.readAs || refused ? [] : await readsOf(tools, facts, empty)
    if (refused) without.push(refused)
    else if (readAs.length === 0) return undefined
    rows = { ...rows, without, ...(readAs.length === 0 ? {} : { readAs }) }
    facts = await walk(rows)
    if ((facts.conditions?.length ?? 0) < without.length) return undefined
  }
  if (facts.failure?.at === 'up') return undefined
  const edge =
    (rows.readAs || rows.distinct) && !facts.failure
      ? await walk({ ...rows, before: 'edge', written: 'edge' })
      : undefined
  if (edge && !edge.failure) facts = edge
  const asked = [
    ...(rows.readAs ?? []).map(describeRead),
    ...keys.map((key) => describeKey(key, empty.catalogs.up ?? facts.catalogs.before)),
    ...(facts.conditions ?? []),
  ]
  const conditions = asked.map((each) => `Its up requires data where ${each}: ${plain.failure?.message}`)
  const eased = { ...facts, conditions }
  if (facts.failure?.at !== 'down') return eased
  return explainDown(eased, await walk({ ...rows, written: 'none' }))
}

function refusedBy({ kind, table, column }: RehearsalFailure): RefusedRows | undefined {
  if (table === undefined) return undefined
  if (kind === 'value-missing') return { table, column }
  return kind === 'rule-refused' || kind === 'value-repeated' ? { table } : undefined
}

/**
 * An up that makes a key requires rows without duplicates; it is rehearsed with such rows. Undefined where it fails on
 * them as well.
 */
export async function walkDistinct(walk: WalkWith, failure: RehearsalFailure): Promise<RehearsalFacts | undefined> {
  const facts = await walk({ before: 'edge', written: 'edge', distinct: true })
  if (facts.failure) return undefined
  const condition = describeKey(failure, facts.catalogs.up ?? facts.catalogs.before)
  return { ...facts, conditions: [`Its up requires data where ${condition}: ${failure.message}`] }
}

/** The columns are read off the key's definition: the server's own message names them in its language. */
function describeKey({ table = '', rule = '' }: RehearsalFailure, catalog: CatalogSnapshot): string {
  const object = Object.keys(catalog).find((each) => {
    const { kind, parts } = readIdentity(each)
    return (kind === 'constraint' || kind === 'index') && parts.at(-1) === rule
  })
  const columns = /\((.*)\)/.exec((object && catalog[object]?.definition) ?? '')?.[1]
  return columns === undefined
    ? `no row of ${table} occurs twice for ${rule}`
    : `no two rows of ${table} have the same (${columns})`
}

async function readsOf(
  tools: Casts,
  { failure, catalogs, statements }: RehearsalFacts,
  empty: RehearsalFacts,
): Promise<readonly ReadAs[]> {
  if (!failure || !isOfValues(failure)) return []
  const ups = [...statements, ...empty.statements].filter(({ direction }) => direction === 'up')
  const casts = await Promise.all(ups.map(({ sql }) => tools.castsIn(sql)))
  return textsReadAs(catalogs.before, empty.catalogs.up ?? catalogs.before, casts.flat())
}

function describeRead({ table, column, type }: ReadAs): string {
  return `${shownName(table)}.${column} can be read as ${type.sql.replace(/^public\./, '')}`
}
