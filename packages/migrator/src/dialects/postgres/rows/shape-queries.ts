import type { LeftOut } from '../../../ports/rehearsal.ts'
import { quoted, type TableName } from '../history/table-name.ts'
import { literal } from '../script/literal.ts'

/** Which tables are read: all but these. */
export interface Tables {
  /** The migrator's own. */
  readonly own: readonly TableName[]
  readonly leftOut?: LeftOut | undefined
}

/**
 * What the catalog says of tables that hold rows, as queries. They want an empty search path, so that expressions and
 * types come out with qualified names. https://www.postgresql.org/docs/current/catalogs.html
 */
export interface TableRow {
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly partitioned: boolean
  readonly hidesRows: boolean
  readonly primaryKey: readonly string[] | null
}

export function tablesQuery(tables: Tables): string {
  return `
  SELECT rel.oid::int8 AS oid, rel.schema, rel.name AS "table", rel.relkind = 'p' AS partitioned,
         pg_catalog.row_security_active(rel.oid) AS "hidesRows",
         (SELECT ${names('i.indkey', 'rel.oid')} FROM pg_catalog.pg_index i WHERE i.indrelid = rel.oid AND i.indisprimary) AS "primaryKey"
    FROM (${relations(tables)}) AS rel ORDER BY rel.schema COLLATE "C", rel.name COLLATE "C"`
}

export interface ColumnRow {
  readonly table: number
  readonly name: string
  readonly type: number
  readonly sql: string
  readonly required: boolean
  readonly identity: string
  readonly generated: string
  readonly expression: string | null
  readonly sequence: string | null
}

export function columnsQuery(tables: Tables): string {
  return `
  SELECT a.attrelid::int8 AS "table", a.attname AS name, a.atttypid::int8 AS type, pg_catalog.format_type(a.atttypid, a.atttypmod) AS sql,
         a.attnotnull AS required, a.attidentity::text AS identity, a.attgenerated::text AS generated,
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression,
         CASE WHEN a.attidentity <> '' THEN pg_catalog.pg_get_serial_sequence(pg_catalog.format('%I.%I', rel.schema, rel.name), a.attname) END AS sequence
    FROM (${relations(tables)}) AS rel
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   ORDER BY a.attrelid, a.attnum`
}

export interface ConstraintRow {
  readonly table: number
  readonly name: string
  readonly kind: 'c' | 'f'
  readonly columns: readonly string[] | null
  readonly expression: string | null
  readonly parentSchema: string | null
  readonly parent: string | null
  readonly parentColumns: readonly string[] | null
  readonly full: boolean
}

/** Of a key to a partitioned table, PostgreSQL keeps one more for each partition; those have a parent constraint. */
export function constraintsQuery(tables: Tables): string {
  return `
  SELECT c.conrelid::int8 AS "table", c.conname AS name, c.contype::text AS kind, ${names('c.conkey', 'c.conrelid')} AS columns,
         pg_catalog.pg_get_expr(c.conbin, c.conrelid) AS expression, pn.nspname AS "parentSchema", p.relname AS parent,
         CASE WHEN c.contype = 'f' THEN ${names('c.confkey', 'c.confrelid')} END AS "parentColumns", c.confmatchtype = 'f' AS "full"
    FROM (${relations(tables)}) AS rel
    JOIN pg_catalog.pg_constraint c ON c.conrelid = rel.oid AND c.contype IN ('c', 'f') AND c.conparentid = 0
    LEFT JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
    LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   ORDER BY c.conrelid, c.conname COLLATE "C"`
}

export interface UniqueRow {
  readonly table: number
  readonly columns: readonly string[] | null
  readonly expressions: string | null
  readonly deferrable: boolean
  readonly rule: string
}

export function uniquesQuery(tables: Tables): string {
  return `
  SELECT i.indrelid::int8 AS "table", ${names('i.indkey', 'i.indrelid', 'i.indnkeyatts')} AS columns,
         pg_catalog.pg_get_expr(i.indexprs, i.indrelid) AS expressions, NOT i.indimmediate AS deferrable,
         pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(i.indexprs, i.indrelid), 'WHERE ' || pg_catalog.pg_get_expr(i.indpred, i.indrelid),
           CASE WHEN (pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean THEN 'NULLS NOT DISTINCT' END) AS rule
    FROM (${relations(tables)}) AS rel
    JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid AND (i.indisunique OR i.indisexclusion)
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
   ORDER BY i.indrelid, x.relname COLLATE "C"`
}

export interface PartitionRow {
  readonly table: number
  readonly name: string
  readonly bounds: string | null
  readonly checks: readonly string[] | null
}

/** Foreign tables among the partitions hold their rows elsewhere. */
export function partitionsQuery(tables: Tables): string {
  return `
  SELECT rel.oid::int8 AS "table", leaf.relname AS name, pg_catalog.pg_get_partition_constraintdef(leaf.oid) AS bounds,
         (SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(c.conbin, c.conrelid) ORDER BY c.conname) FROM pg_catalog.pg_constraint c
           WHERE c.conrelid = leaf.oid AND c.contype = 'c' AND c.coninhcount = 0) AS checks
    FROM (${relations(tables)}) AS rel CROSS JOIN LATERAL pg_catalog.pg_partition_tree(rel.oid) AS tree
    JOIN pg_catalog.pg_class leaf ON leaf.oid = tree.relid AND leaf.relkind = 'r'
   WHERE rel.relkind = 'p' AND tree.isleaf ORDER BY rel.oid, leaf.relname COLLATE "C"`
}

export interface TypeRow {
  readonly oid: number
  readonly name: string
  readonly kind: string
  readonly sql: string
  readonly element: number
  readonly delimiter: string
  readonly base: number
  readonly baseSql: string | null
  readonly required: boolean
  readonly labels: readonly string[] | null
  readonly fields: readonly { readonly type: number; readonly sql: string }[] | null
  readonly subtype: number | null
  readonly range: number | null
  readonly checks: readonly string[] | null
}

/** The types of all columns, and those that they are made of. */
export function typesQuery(tables: Tables): string {
  return `
  WITH RECURSIVE used(oid) AS (
    SELECT DISTINCT a.atttypid FROM (${relations(tables)}) AS rel
      JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT part.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid CROSS JOIN LATERAL (
      SELECT t.typbasetype WHERE t.typtype = 'd'
      UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
      UNION ALL SELECT CASE WHEN r.rngtypid = t.oid THEN r.rngsubtype ELSE r.rngtypid END
                  FROM pg_catalog.pg_range r WHERE t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, r.rngmultitypid)
      UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                 WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part(oid)
  )
  SELECT t.oid::int8 AS oid, t.typname AS name, CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 AND t.typtype = 'b'
            AND t.typname NOT IN ('int2vector', 'oidvector') THEN 'a' ELSE t.typtype::text END AS kind,
         pg_catalog.format_type(t.oid, NULL) AS sql, t.typelem::int8 AS element,
         (SELECT e.typdelim::text FROM pg_catalog.pg_type e WHERE e.oid = t.typelem) AS delimiter, t.typbasetype::int8 AS base,
         CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS "baseSql", t.typnotnull AS required,
         CASE WHEN t.typtype = 'e' THEN (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END AS labels,
         CASE WHEN t.typtype = 'c' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('type', a.atttypid::int8, 'sql', pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS fields,
         (SELECT r.rngsubtype::int8 FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) AS subtype,
         (SELECT r.rngtypid::int8 FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid) AS range,
         CASE WHEN t.typtype = 'd' THEN (SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(c.conbin, 0) ORDER BY c.conname)
            FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') END AS checks
    FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid ORDER BY t.oid`
}

/** Where a table's rows are: of a child that inherits its own, of a partitioned table those of its partitions. */
export function source(table: TableName & { readonly partitioned: boolean }): string {
  return table.partitioned ? quoted(table) : `ONLY ${quoted(table)}`
}

/** User tables that are not partitions: neither an extension's nor left out. */
export function relations({ own, leftOut }: Tables): string {
  const ours = own.map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`).join(', ')
  return `
    SELECT c.oid, c.relkind, n.nspname AS schema, c.relname AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
       ${ours === '' ? '' : `AND (n.nspname, c.relname) NOT IN (${ours})`}
       ${leftOut === undefined || leftOut.size === 0 ? '' : `AND c.oid NOT IN (${[...leftOut.keys()].join(', ')})`}`
}

/** Column names for a list of their numbers, in its order; expressions (0) have none. */
function names(keys: string, table: string, limit = '1600'): string {
  return `(SELECT pg_catalog.json_agg(a.attname ORDER BY k.at) FROM pg_catalog.unnest(${keys}::int2[]) WITH ORDINALITY AS k(number, at)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number WHERE k.at <= ${limit})`
}
