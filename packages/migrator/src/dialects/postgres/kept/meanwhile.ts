import type { TableRef } from '../../../core/data-loss-effect.ts'
import { type Assigned, assignmentsOf } from '../script/assigned.ts'
import { identifier, literal } from '../script/literal.ts'
import { loadParser, parseStatements } from '../script/statements.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { isPart, type Kept, WRITTEN } from './archive.ts'
import { nameOf } from './find.ts'
import type { Both } from './pair.ts'
import { EXACT, withSettings } from './settings.ts'
import { type Column, qualified, readShape, type Shape } from './shape.ts'

/**
 * Watches a step up for which data waits, and knows afterwards of every value whether it may stem from something that was
 * written since the data was kept. The transaction that wrote a row decides.
 */
export interface Meanwhile {
  /** Notes what a statement is about to write, and whether what it reads was written meanwhile. */
  note(sql: string): Promise<void>
  /** Resolves the names of tables that only the step made. Call it once, after the last statement. */
  settle(): Promise<void>
  /** See `Pair.newer`. */
  newer(kept: Kept, now: Shape, column: Both): string
}

/** Call it before the step's first statement, in the transaction in which its data is put back, or in one before that. */
export async function watchMeanwhile(on: SqlSession, archive: string, waiting: readonly Kept[]): Promise<Meanwhile> {
  const marked = new Set<string>()
  const columnsBefore = new Set<string>()
  for (const kept of waiting) {
    const now = await readShape(on, kept.schema, kept.table)
    if (!now) continue
    for (const { id } of now.columns) columnsBefore.add(id)
    if (await markWritten(on, archive, kept, now)) marked.add(kept.id)
  }
  const before = await tablesNow(on)
  const writtenTables = new Map<string, boolean>()
  const writes: { readonly assigned: Assigned; oid: string | undefined; readonly written: boolean }[] = []
  let anythingRead = false
  let isOpaque = false
  let fires = false
  /** Of what waits: what triggers may have written to, whose statements nobody sees either. */
  const triggered = new Set<string>()

  async function wasWritten(ref: TableRef): Promise<boolean> {
    const name = nameOf(ref)
    const [row] = await on.query(
      `SELECT c.oid::text, c.relkind AS kind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(${literal(name)})`,
    )
    if (!row) return false
    const oid = row.oid ?? ''
    // What a table of the step's own holds comes from what the step has read before.
    if (!before.has(oid)) return anythingRead
    const known = writtenTables.get(oid)
    if (known !== undefined) return known
    const found = !/^[rp]$/.test(row.kind ?? '') || (await holdsNewer(on, name, waiting))
    writtenTables.set(oid, found)
    return found
  }

  return {
    async note(sql) {
      await loadParser()
      const parsed = parseStatements(sql)
      if (!parsed.ok) return
      for (const statement of parsed.statements) {
        const { assigned, writes: targets, reads, calls, isOpaque: hidden } = assignmentsOf(statement)
        if (hidden ? MAY_WRITE.test(sql) : await callsCode(on, calls)) isOpaque = true
        fires ||= await haveTriggers(on, targets)
        let written = false
        for (const ref of reads) if (await wasWritten(ref)) written = true
        anythingRead ||= written
        for (const each of assigned) {
          const from = each.from === 'bound' ? anythingRead : each.from === 'data' && written
          writes.push({ assigned: each, oid: await oidOf(on, each.ref), written: from })
        }
      }
    },
    async settle() {
      for (const each of writes) each.oid ??= await oidOf(on, each.assigned.ref)
      if (fires) for (const kept of waiting) if (await codeWritesTo(on, kept.table)) triggered.add(kept.id)
    },
    newer(kept, now, column) {
      if (kept.kind === 'narrowed') return 'false'
      const row = marked.has(kept.id) ? `coalesce(b.${WRITTEN}, false)` : 'false'
      const cause = causeOf(kept, now, column, row)
      if (row === 'false' || cause === 'true' || isPart(kept)) return cause
      // A row that was there before the step is not its own.
      return cause === 'false' || cause === row ? row : `(${row} OR ${cause})`
    },
  }

  function causeOf(kept: Kept, now: Shape, column: Both, row: string): string {
    const ofTable = writes.filter(({ oid }) => oid === now.oid)
    const own = ofTable.filter(({ assigned: { columns } }) => columns === 'all' || columns.includes(column.now.name))
    const hidden = isOpaque || triggered.has(kept.id)
    if (own.some(({ written }) => written)) return 'true'
    if (own.length > 0 && !hidden) return own.every(({ assigned }) => assigned.from === 'text') ? 'false' : row
    const unknown = hidden || anythingRead ? 'true' : row
    if (isPart(kept)) {
      const existed = columnsBefore.has(column.now.id)
      if (!existed && isNewDefault(column)) return 'true'
      const cause = existed ? row : unknown
      return cause === 'false' ? cause : unlessDefault(column, cause)
    }
    if (hidden || ofTable.length === 0) return unknown
    return isNewDefault(column) ? 'true' : 'false'
  }
}

/** Of a DO, CALL or EXECUTE, whose statements nobody sees. */
const MAY_WRITE = /\b(insert|update|merge|copy|execute|perform|select|call)\b/i

/** A default of another migration text than the one that the kept rows lived under. */
function isNewDefault({ then, now }: Both): boolean {
  return then.fill !== undefined && now.fill !== undefined && then.fill !== now.fill
}

/** What a constant default gave the row was written by nobody. */
function unlessDefault({ now }: Both, cause: string): string {
  if (now.identity !== '' || (now.fill ?? '').includes('(')) return 'false'
  const value = `t.${identifier(now.name)}::pg_catalog.text`
  return `(${cause} AND ${value} IS DISTINCT FROM (${now.fill ?? 'NULL'})::${now.type}::pg_catalog.text)`
}

/** Notes in the copy which of its rows were written to since. False where no key identifies them. */
async function markWritten(on: SqlSession, archive: string, kept: Kept, now: Shape): Promise<boolean> {
  const names = isPart(kept) ? kept.key.map(({ name }) => name) : now.key
  const keys = names.flatMap((name): readonly (readonly [Column, Column])[] => {
    const then = [...kept.key, ...kept.columns].find((each) => each.name === name)
    const found = now.columns.find((each) => each.name === name)
    return then && found ? [[then, found]] : []
  })
  if (kept.keyed === 'by-whole-row' || keys.length === 0 || keys.length < names.length) return false
  const copy = qualified(archive, kept.copy)
  const rows = `${now.kind === 'r' ? 'ONLY ' : ''}${qualified(kept.schema, kept.table)}`
  const same = keys.map(
    ([then, { name }]) => `t.${identifier(name)}::pg_catalog.text = b.${identifier(then.name)}::pg_catalog.text`,
  )
  const condition = isPart(kept) ? isNewer(kept, 't') : 'true'
  await withSettings(on, EXACT, async () => {
    await on.execute(`ALTER TABLE ${copy} ADD COLUMN IF NOT EXISTS ${WRITTEN} boolean`)
    await on.execute(
      `UPDATE ${copy} AS b SET ${WRITTEN} = true FROM ${rows} AS t WHERE ${same.join(' AND ')} AND ${condition}`,
    )
  })
  return true
}

/**
 * Whether a row was written by a transaction that had not committed when the data was kept, other than the one that kept it.
 * A row has the lower half of a transaction's number; the upper one follows, because a row is younger than half the numbers.
 */
function isNewer({ snapshot, keptBy }: Pick<Kept, 'snapshot' | 'keptBy'>, row: string): string {
  if (snapshot === null || keptBy === null) return 'true'
  const current = 'pg_catalog.pg_current_xact_id()::text::numeric'
  const age = `mod(mod(${current}, 4294967296) - ${row}.xmin::text::numeric + 4294967296, 4294967296)`
  const writer = `greatest(${current} - ${age}, 3)`
  return `NOT (${writer} = ${keptBy} OR pg_catalog.pg_visible_in_snapshot((${writer})::text::xid8, ${literal(snapshot)}))`
}

async function holdsNewer(on: SqlSession, table: string, waiting: readonly Kept[]): Promise<boolean> {
  const conditions = [...new Set(waiting.map((kept) => isNewer(kept, 't')))]
  const [row] = await on.query(
    `SELECT EXISTS (SELECT 1 FROM ${table} AS t WHERE ${conditions.join(' OR ')})::text AS found`,
  )
  return row?.found === 'true'
}

async function tablesNow(on: SqlSession): Promise<ReadonlySet<string>> {
  const rows = await on.query(
    "SELECT oid::text FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND oid >= 16384",
  )
  return new Set(rows.map(({ oid }) => oid ?? ''))
}

/** Functions of the server write nothing and read no table; any other may. */
async function callsCode(on: SqlSession, calls: readonly string[]): Promise<boolean> {
  if (calls.length === 0) return false
  const [row] = await on.query(
    `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE proname IN (${calls.map(literal).join(', ')}) AND oid >= 16384)::text AS found`,
  )
  return row?.found === 'true'
}

async function haveTriggers(on: SqlSession, tables: readonly TableRef[]): Promise<boolean> {
  if (tables.length === 0) return false
  const names = tables.map((ref) => `to_regclass(${literal(nameOf(ref))})`)
  const [row] = await on.query(
    `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger
                     WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid IN (${names.join(', ')}))::text AS found`,
  )
  return row?.found === 'true'
}

/**
 * Whether a function, as a trigger runs it or calls it, writes to a table of this name, by its text without string constants;
 * one that executes text it puts together may write anywhere.
 */
async function codeWritesTo(on: SqlSession, table: string): Promise<boolean> {
  const code = `pg_catalog.regexp_replace(p.prosrc, '''[^'']*''', '', 'g')`
  const [row] = await on.query(`
    SELECT EXISTS (
      SELECT 1 FROM pg_catalog.pg_proc p
       WHERE p.oid >= 16384 AND ${code} ~* '\\m(insert|update|merge|copy|execute)\\M'
         AND (pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(${literal(table)})) > 0
              OR p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype AND ${code} ~* '\\mexecute\\M'))::text AS found`)
  return row?.found === 'true'
}

async function oidOf(on: SqlSession, ref: TableRef): Promise<string | undefined> {
  const [row] = await on.query(`SELECT to_regclass(${literal(nameOf(ref))})::oid::text AS oid`)
  return row?.oid ?? undefined
}
