import type { FedColumn, Sequences } from '../../../core/data/sequence-data.ts'
import { nameOf } from '../../../core/data/table-shape.ts'
import { quoted, type TableName } from '../history/table-name.ts'
import { identifier, literal } from '../script/literal.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { jsonRows, reading } from './json-rows.ts'
import { relations, source, type Tables } from './shape-queries.ts'

interface Described extends TableName {
  readonly increment: string
  readonly cycles: boolean
  readonly feeds: readonly Feed[] | null
}

interface Feed extends TableName {
  readonly column: string
  readonly partitioned: boolean
  /** Whether its values are the sequence's numbers as they are, and alone tell rows apart. */
  readonly isKey: boolean
  /** Sets the sequence behind its values. */
  readonly remedy: string
}

/**
 * Where the sequences stand that feed these tables, or none at all. Only such as the role may read. Reads in a transaction
 * of its own, so the session must stand outside one.
 */
export async function readSequences(on: SqlSession, which: Tables): Promise<Sequences> {
  return reading(on, "SET LOCAL search_path = ''", async () => {
    const sequences = await jsonRows<Described>(on, describedQuery(which))
    const keys = sequences.flatMap(({ feeds }) => feeds ?? []).filter(({ isKey }) => isKey)
    const [stands, ends] = await Promise.all([standsOf(on, sequences), endsOf(on, keys)])
    const found = sequences.map((each, at) => {
      const { increment, cycles } = each
      const feeds = (each.feeds ?? []).map((feed): FedColumn => {
        const { column, remedy } = feed
        return { table: nameOf(feed), column, remedy, ends: feed.isKey ? ends[keys.indexOf(feed)] : undefined }
      })
      return [nameOf(each), { next: stands[at] ?? 0n, increment: BigInt(increment), cycles, feeds }] as const
    })
    return new Map(found)
  })
}

/**
 * Remembers where the sequences stand; what is answered tells, on the same schema again, the statements that put them back.
 * Exact for those that feed these tables, or none; another one that was set and not called since counts as never used.
 */
export async function rememberSequences(on: SqlSession, which: Tables): Promise<() => Promise<readonly string[]>> {
  const [used, described] = await Promise.all([on.query(USED), jsonRows<Described>(on, describedQuery(which))])
  const exactly = described.map((each) => {
    const name = `pg_catalog.format('%I.%I', ${literal(each.schema)}, ${literal(each.table)})`
    return `SELECT ${name} AS name, last_value || ', ' || is_called AS stand FROM ${quoted(each)}`
  })
  const exact = async () => (exactly.length === 0 ? [] : await on.query(exactly.join('\nUNION ALL ')))
  const standings = (rows: readonly Row[]) => new Map(rows.map(({ name, stand }) => [name ?? '', stand ?? '']))
  const before = standings([...used, ...(await exact())])
  return async () => {
    const rows = await Promise.all([on.query(USED), exact()])
    const now = standings(rows.flat())
    return [...before].flatMap(([name, stand]) =>
      now.get(name) === stand ? [] : [`SELECT pg_catalog.setval(${literal(name)}::pg_catalog.regclass, ${stand})`],
    )
  }
}

const USED = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
         COALESCE(pg_catalog.pg_sequence_last_value(c.oid) || ', true', s.seqstart || ', false') AS stand
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'S' AND c.oid >= 16384 AND n.nspname !~ '^pg_'`

/** Of sequences that feed no column a few numbers, so that they stand where those of an application would. */
export async function advanceSequences(on: SqlSession): Promise<void> {
  const free = await jsonRows<TableName>(on, FREE)
  const stand = 'COALESCE(pg_catalog.pg_sequence_last_value(s.seqrelid), s.seqstart)::numeric'
  const calls = free.map(
    (each) =>
      `SELECT pg_catalog.nextval(s.seqrelid) FROM pg_catalog.pg_sequence s, pg_catalog.generate_series(1, ${GIVEN_OUT})
        WHERE s.seqrelid = ${literal(quoted(each))}::pg_catalog.regclass
          AND ${stand} + ${GIVEN_OUT} * s.seqincrement BETWEEN s.seqmin AND s.seqmax`,
  )
  if (calls.length > 0) await on.queryAll(calls)
}

const GIVEN_OUT = 3

/** pg_sequence_last_value does not tell where one stands that was set and not called since, so each is read itself. */
async function standsOf(on: SqlSession, sequences: readonly Described[]): Promise<readonly bigint[]> {
  if (sequences.length === 0) return []
  const parts = sequences.map(
    (each, at) =>
      `SELECT ${at} AS at, (CASE WHEN is_called THEN last_value::numeric + ${each.increment} ELSE last_value END)::text AS next FROM ${quoted(each)}`,
  )
  const rows = await on.query(`${parts.join('\nUNION ALL ')} ORDER BY at`)
  return rows.map(({ next }) => BigInt(next ?? '0'))
}

async function endsOf(on: SqlSession, keys: readonly Feed[]): Promise<readonly FedColumn['ends'][]> {
  if (keys.length === 0) return []
  const parts = keys.map((key, at) => {
    const column = `t.${identifier(key.column)}`
    return `SELECT ${at} AS at, min(${column})::text AS smallest, max(${column})::text AS largest FROM ${source(key)} AS t`
  })
  const rows = await on.query(`${parts.join('\nUNION ALL ')} ORDER BY at`)
  return rows.map(({ smallest, largest }) =>
    smallest && largest ? { smallest: BigInt(smallest), largest: BigInt(largest) } : undefined,
  )
}

/**
 * An identity is internal to its column, a default names its sequence
 * (https://www.postgresql.org/docs/current/catalog-pg-depend.html). Begun with the tables: there may be few of them among
 * hundreds.
 */
function describedQuery(which: Tables): string {
  return `
  WITH rel AS MATERIALIZED (${relations(which)}),
  fed AS MATERIALIZED (
    SELECT d.objid AS sequence, rel.oid AS rel, d.refobjsubid AS number, true AS plain FROM rel
      JOIN pg_catalog.pg_depend d ON d.refclassid = ${PG_CLASS} AND d.refobjid = rel.oid AND d.refobjsubid > 0
       AND d.classid = ${PG_CLASS} AND d.deptype = 'i'
    UNION ALL
    SELECT d.refobjid, rel.oid, def.adnum, pg_catalog.pg_get_expr(def.adbin, def.adrelid) ~ ${PLAIN_NEXTVAL} FROM rel
      JOIN pg_catalog.pg_attrdef def ON def.adrelid = rel.oid
      JOIN pg_catalog.pg_depend d ON d.classid = ${PG_ATTRDEF} AND d.objid = def.oid AND d.refclassid = ${PG_CLASS} AND d.refobjid <> rel.oid
  ),
  feeds AS MATERIALIZED (
    SELECT fed.sequence, pg_catalog.json_agg(pg_catalog.json_build_object('schema', rel.schema, 'table', rel.name, 'column', a.attname,
             'partitioned', rel.relkind = 'p', 'isKey', fed.plain AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)
               AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = rel.oid AND i.indisunique AND i.indisvalid
                            AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),
             'remedy', pg_catalog.format('SELECT setval(%L, %s(%I)) FROM %s;', fed.sequence::pg_catalog.regclass::text,
               CASE WHEN s.seqincrement > 0 THEN 'max' ELSE 'min' END, a.attname, rel.oid::pg_catalog.regclass::text)) ORDER BY rel.schema, rel.name, a.attnum) AS columns
      FROM fed JOIN rel ON rel.oid = fed.rel JOIN pg_catalog.pg_sequence s ON s.seqrelid = fed.sequence JOIN pg_catalog.pg_attribute a ON a.attrelid = fed.rel AND a.attnum = fed.number
     GROUP BY fed.sequence
  )
  SELECT n.nspname AS schema, c.relname AS "table", s.seqincrement::text AS increment, s.seqcycle AS cycles, feeds.columns AS feeds
    FROM pg_catalog.pg_sequence s
    LEFT JOIN feeds ON feeds.sequence = s.seqrelid
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${READABLE} AND n.nspname !~ '^pg_'
     AND (feeds.sequence IS NOT NULL OR s.seqrelid NOT IN (${ATTACHED}))
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`
}

const PG_CLASS = "'pg_catalog.pg_class'::pg_catalog.regclass"
const PG_ATTRDEF = "'pg_catalog.pg_attrdef'::pg_catalog.regclass"
const PLAIN_NEXTVAL = `'^(pg_catalog\\.)?nextval\\(''([^'']|'''')*''::(pg_catalog\\.)?regclass\\)$'`

/** Sequences that feed any column, or are an extension's. */
const ATTACHED = `
  SELECT objid FROM pg_catalog.pg_depend WHERE classid = ${PG_CLASS} AND deptype IN ('i', 'e')
  UNION ALL SELECT refobjid FROM pg_catalog.pg_depend WHERE classid = ${PG_ATTRDEF} AND refclassid = ${PG_CLASS}`

const READABLE = "s.seqrelid >= 16384 AND pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT')"

const FREE = `
  SELECT n.nspname AS schema, c.relname AS "table" FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${READABLE} AND n.nspname !~ '^pg_' AND NOT s.seqcycle AND s.seqrelid NOT IN (${ATTACHED})
     AND pg_catalog.has_sequence_privilege(s.seqrelid, 'USAGE')`
