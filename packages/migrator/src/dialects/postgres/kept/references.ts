import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { isPart } from './archive.ts'
import type { Pair } from './pair.ts'
import { BARE, withSettings } from './settings.ts'

interface Reference {
  /** oids: the table, and the one that it refers to. */
  readonly from: string
  readonly to: string
  /** Qualified and quoted. */
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly comment: string | null
}

/**
 * Orders copies so that what is referred to comes before what refers to it; values of columns come last. Where tables refer to
 * each other in a circle, foreign keys are taken off, and `add` puts them back, which checks every row. Only those between
 * tables that came up just now: nobody else waits for their locks.
 */
export async function postponedReferences(
  on: SqlSession,
  pairs: readonly Pair[],
): Promise<{ readonly ordered: readonly Pair[]; add(): Promise<void> }> {
  const whole = pairs.filter(({ kept }) => !isPart(kept))
  const rest = pairs.filter(({ kept }) => isPart(kept))
  const references = await readReferences(on, whole)
  const { ordered, postponed } = inOrder(whole, references)
  if (postponed.length > 0) await on.checkConstraints()
  for (const { table, name } of postponed) await on.execute(`ALTER TABLE ${table} DROP CONSTRAINT ${identifier(name)}`)
  return {
    ordered: [...ordered, ...rest],
    async add() {
      if (postponed.length > 0) await on.checkConstraints()
      for (const { table, name, definition, comment } of postponed) {
        await on.execute(`ALTER TABLE ${table} ADD CONSTRAINT ${identifier(name)} ${definition}`)
        if (comment !== null)
          await on.execute(`COMMENT ON CONSTRAINT ${identifier(name)} ON ${table} IS ${literal(comment)}`)
      }
    },
  }
}

async function readReferences(on: SqlSession, pairs: readonly Pair[]): Promise<readonly Reference[]> {
  if (pairs.length < 2) return []
  const oids = [...new Set(pairs.map(({ now }) => now.oid))].join(', ')
  const rows = await withSettings(on, BARE, () =>
    on.query(`
    SELECT k.conrelid::text AS "from", k.confrelid::text AS "to", format('%I.%I', n.nspname, c.relname) AS "table", k.conname AS name,
           pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid <> k.confrelid AND k.conrelid IN (${oids}) AND k.confrelid IN (${oids})
     ORDER BY k.oid`),
  )
  return rows as unknown as readonly Reference[]
}

function inOrder(
  pairs: readonly Pair[],
  references: readonly Reference[],
): { readonly ordered: readonly Pair[]; readonly postponed: readonly Reference[] } {
  const ordered: Pair[] = []
  const postponed: Reference[] = []
  let left = [...pairs]
  while (left.length > 0) {
    const waiting = (oid: string) => left.some(({ now }) => now.oid === oid)
    const open = ({ now }: Pair) => references.filter(({ from, to }) => from === now.oid && waiting(to))
    const free = left.find((pair) => open(pair).length === 0)
    const next = free ?? (left[0] as Pair)
    for (const each of open(next)) if (!postponed.includes(each)) postponed.push(each)
    ordered.push(next)
    left = left.filter((pair) => pair !== next)
  }
  return { ordered, postponed }
}
