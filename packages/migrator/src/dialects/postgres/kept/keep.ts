import { randomUUID } from 'node:crypto'
import { MigratorError } from '../../../errors.ts'
import type { KeptFor, KeptRows, KeptStatement } from '../../../ports/kept-data.ts'
import { destroyedBy } from '../script/destroys.ts'
import { inlineParameters } from '../script/inline.ts'
import { identifier } from '../script/literal.ts'
import { loadParser, parseStatements } from '../script/statements.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { copyAndRecord, prepareArchive } from './archive.ts'
import { type Affected, type AffectedData, findLost } from './find.ts'
import { EXACT, withSettings } from './settings.ts'
import { type Column, qualified, readShape, type Shape } from './shape.ts'

/** See `KeptData.keep`. */
export async function keepLost(
  on: SqlSession,
  archive: string,
  owner: KeptFor,
  { sql, parameters }: KeptStatement,
  untold: 'refused' | 'accepted',
): Promise<readonly (KeptRows & AffectedData)[]> {
  await loadParser()
  const parsed = parseStatements(inlineParameters(sql, parameters.map(bound)))
  if (!parsed.ok) return []
  const effects = parsed.statements.flatMap(destroyedBy).filter(({ kind }) => kind !== 'path' && kind !== 'overwritten')
  if (effects.length === 0) return []
  const findings = await findLost(on, effects)
  refuseUntold(findings, owner, untold)
  const lost = findings.filter((each): each is AffectedData => each.how !== 'unknown')
  const groups = grouped(lost.filter(({ schema }) => schema !== archive))
  if (groups.length === 0) return []
  await lock(on, groups)
  await prepareArchive(on, archive)
  const chosen = await chooseRows(on, archive, groups)
  return withSettings(on, EXACT, async () => {
    const kept: (KeptRows & AffectedData)[] = []
    for (const group of chosen) kept.push(...(await keepOne(on, archive, owner, group)))
    return kept
  })
}

/** Like a parameter, a quoted literal takes the type that its place asks for; a bare number would bring its own. */
function bound(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : value
}

/** Which rows a DELETE means depends on the settings that it runs under (the time zone, say): they are chosen under the same. */
async function chooseRows(on: SqlSession, archive: string, groups: readonly Group[]): Promise<readonly Group[]> {
  const chosen: Group[] = []
  for (const group of groups) {
    const { how, schema, table, from, alias } = group.first
    const places = how === 'deleted' ? `places_${randomUUID().slice(0, 8)}` : undefined
    if (places === undefined) {
      chosen.push(group)
      continue
    }
    const name = qualified(archive, places)
    await on.execute(`CREATE TABLE ${name} AS SELECT ${alias}.tableoid AS part, ${alias}.ctid AS place FROM ${from}`)
    const read = `${qualified(schema, table)} AS t JOIN ${name} AS p ON p.part = t.tableoid AND p.place = t.ctid`
    chosen.push({ ...group, first: { ...group.first, from: read, alias: 't' }, places: name })
  }
  return chosen
}

function refuseUntold(findings: readonly Affected[], { migration }: KeptFor, untold: 'refused' | 'accepted'): void {
  const opaque = findings.find((each) => each.how === 'unknown')
  if (opaque?.how !== 'unknown' || untold === 'accepted') return
  throw new MigratorError(
    'DATA_NOT_PRESERVED',
    `What the down of ${migration} destroys cannot be determined beforehand, so it cannot be preserved: ${opaque.why}`,
  )
}

/** Columns of one table are kept together. */
interface Group {
  readonly first: AffectedData
  readonly columns: readonly string[]
  /** A table that says which rows; it goes when they are copied. */
  readonly places?: string | undefined
}

function grouped(lost: readonly AffectedData[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const found of lost) {
    const key = `${found.oid} ${found.column === undefined ? found.from : found.how}`
    const { first, columns } = groups.get(key) ?? { first: found, columns: [] }
    groups.set(key, { first, columns: found.column === undefined ? [] : [...columns, found.column] })
  }
  return [...groups.values()]
}

/** Nobody may write between the copy and the statement. What is dropped or altered is locked by it anyway, and as hard. */
async function lock(on: SqlSession, groups: readonly Group[]): Promise<void> {
  const names = (deleted: boolean) =>
    groups
      .filter(({ first }) => (first.how === 'deleted') === deleted)
      .map(({ first }) => qualified(first.schema, first.table))
  const [hard, soft] = [[...new Set(names(false))], [...new Set(names(true))]]
  if (hard.length > 0) await on.execute(`LOCK TABLE ${hard.join(', ')} IN ACCESS EXCLUSIVE MODE`)
  if (soft.length > 0) await on.execute(`LOCK TABLE ${soft.join(', ')} IN SHARE ROW EXCLUSIVE MODE`)
}

async function keepOne(
  on: SqlSession,
  archive: string,
  owner: KeptFor,
  { first, columns: names, places }: Group,
): Promise<readonly (KeptRows & AffectedData)[]> {
  const { schema, table, from, alias, how } = first
  const shape = await readShape(on, schema, table)
  if (!shape) return []
  const part = names.length > 0
  const columns = part ? shape.columns.filter(({ name }) => names.includes(name)) : shape.columns
  const { key, keyed } = part ? keyOf(shape, names) : { key: [], keyed: 'by-key' as const }
  const sequences = shape.sequences.filter(({ column }) => columns.some(({ name }) => name === column))
  const copy = `${clipped(table)}_${randomUUID().slice(0, 8)}`
  const whole = how === 'dropped' ? 'table' : 'rows'
  const kind = how === 'may-narrow' ? 'narrowed' : part ? 'columns' : whole
  const select = `SELECT ${[...key, ...columns].map((each) => copied(each, alias)).join(', ')} FROM ${from}`
  const kept = { kind, schema, table, copy, columns, key, keyed, sequences } as const
  const rows = await copyAndRecord(on, archive, owner, kept, select)
  if (places !== undefined) await on.execute(`DROP TABLE ${places}`)
  return [
    { ...first, table: `${schema}.${table}`, columns: part ? names : undefined, rows, copy: `${archive}.${copy}` },
  ]
}

/** By what a row is found again when these columns have gone and come back. */
function keyOf(shape: Shape, gone: readonly string[]): { key: readonly Column[]; keyed: 'by-key' | 'by-whole-row' } {
  const named = shape.key.flatMap((name) => shape.columns.filter((each) => each.name === name))
  if (named.length > 0 && !shape.key.some((name) => gone.includes(name))) return { key: named, keyed: 'by-key' }
  return { key: shape.columns.filter(({ name }) => !gone.includes(name)), keyed: 'by-whole-row' }
}

function copied({ name, type, copyType, collated }: Column, alias: string): string {
  const column = `${alias}.${identifier(name)}`
  const value = copyType === type ? column : `${column}::${copyType}`
  return `${collated ? `(${value}) COLLATE pg_catalog."default"` : value} AS ${identifier(name)}`
}

/** Room is left for what makes it unique; names have 63 bytes. */
function clipped(name: string): string {
  let text = name
  while (Buffer.byteLength(text) > 50) text = Array.from(text).slice(0, -1).join('')
  return text
}
