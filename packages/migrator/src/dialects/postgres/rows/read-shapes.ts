/**
 * Data of rehearsals in PostgreSQL: reads what tables can hold, makes rows, takes snapshots of them.
 * Must not know migrations, directions or verdicts, and must only ever be pointed at throw-away databases.
 * This file: the tables' shapes from the catalog.
 */

import type {
  CheckShape,
  ColumnShape,
  ForeignKeyShape,
  PartitionShape,
  TableShape,
  TypeShape,
  UniqueShape,
} from '../../../core/data/table-shape.ts'
import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { mentions } from './derived.ts'
import { jsonRows, reading } from './json-rows.ts'
import {
  type ColumnRow,
  type ConstraintRow,
  columnsQuery,
  constraintsQuery,
  type PartitionRow,
  partitionsQuery,
  type TableRow,
  type Tables,
  type TypeRow,
  tablesQuery,
  typesQuery,
  type UniqueRow,
  uniquesQuery,
} from './shape-queries.ts'

/**
 * Reads every table that holds rows, by schema and name; reads the catalog only. Runs in a transaction of its own, so the
 * session must stand outside one.
 */
export async function readShapes(on: SqlSession, which: Tables): Promise<readonly TableShape[]> {
  const [tables, columns, constraints, uniques, partitions, types] = await reading(
    on,
    "SET LOCAL search_path = ''; SET LOCAL jit = off",
    () =>
      Promise.all([
        jsonRows<TableRow>(on, tablesQuery(which)),
        jsonRows<ColumnRow>(on, columnsQuery(which)),
        jsonRows<ConstraintRow>(on, constraintsQuery(which)),
        jsonRows<UniqueRow>(on, uniquesQuery(which)),
        jsonRows<PartitionRow>(on, partitionsQuery(which)),
        jsonRows<TypeRow>(on, typesQuery(which)),
      ]),
  )
  const typeOf = typeReader(types)
  const by = {
    columns: grouped(columns),
    constraints: grouped(constraints),
    uniques: grouped(uniques),
    partitions: grouped(partitions),
  }
  return tables.map(({ oid, schema, table, partitioned, hidesRows, primaryKey }) => {
    const shapes = (by.columns.get(oid) ?? []).map((column) => columnOf(column, typeOf))
    const rules = by.constraints.get(oid) ?? []
    return {
      schema,
      table,
      columns: shapes,
      primaryKey: primaryKey ?? [],
      checks: rules.filter(({ kind }) => kind === 'c').map(checkOf),
      uniques: (by.uniques.get(oid) ?? []).map((unique) => uniqueOf(unique, shapes)),
      foreignKeys: rules.filter(({ kind }) => kind === 'f').map(foreignKeyOf),
      partitions: (by.partitions.get(oid) ?? []).map(partitionOf),
      partitioned,
      hidesRows,
    }
  })
}

function grouped<Row extends { readonly table: number }>(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.table)
    if (group) group.push(row)
    else groups.set(row.table, [row])
  }
  return groups
}

type TypeReader = (oid: number, sql: string) => TypeShape

/** `sql` is the type's name with its modifiers, which pass to an array's elements. */
function typeReader(rows: readonly TypeRow[]): TypeReader {
  const byOid = new Map(rows.map((row) => [row.oid, row]))
  const read = (oid: number, sql: string): TypeShape => {
    const row = byOid.get(oid)
    if (!row) return { kind: 'base', sql, name: sql, modifiers: [] }
    if (row.kind === 'e') return { kind: 'enum', sql, labels: row.labels ?? [] }
    if (row.kind === 'd') return domainOf(row, sql)
    if (row.kind === 'c')
      return { kind: 'composite', sql, fields: (row.fields ?? []).map((field) => read(field.type, field.sql)) }
    if (row.kind === 'a')
      return { kind: 'array', sql, element: read(row.element, sql.replace(/(?:\[\])+$/, '')), delimiter: row.delimiter }
    if (row.kind === 'r') return { kind: 'range', sql, subtype: read(row.subtype ?? 0, nameIn(row.subtype)) }
    if (row.kind === 'm') return { kind: 'multirange', sql, range: read(row.range ?? 0, nameIn(row.range)) }
    return { kind: 'base', sql, name: row.name, modifiers: modifiersIn(sql) }
  }
  const nameIn = (oid: number | null) => byOid.get(oid ?? 0)?.sql ?? ''
  const domainOf = (row: TypeRow, sql: string): TypeShape => {
    const base = read(row.base, row.baseSql ?? '')
    const inner = base.kind === 'domain' ? base : { base, checks: [], required: false }
    return {
      kind: 'domain',
      sql,
      base: inner.base,
      checks: [...inner.checks, ...(row.checks ?? [])],
      required: row.required || inner.required,
    }
  }
  return read
}

function modifiersIn(sql: string): readonly number[] {
  const inside = /\(([^)]*)\)/.exec(sql)?.[1] ?? ''
  return inside
    .split(',')
    .map(Number)
    .filter((value) => inside !== '' && Number.isInteger(value))
}

function columnOf(row: ColumnRow, typeOf: TypeReader): ColumnShape {
  const type = typeOf(row.type, row.sql)
  const nullable = !row.required && !(type.kind === 'domain' && type.required)
  const sequence = row.sequence === null ? row.expression : `nextval(${literal(row.sequence)}::pg_catalog.regclass)`
  return {
    name: row.name,
    type,
    nullable,
    source: row.generated !== '' ? 'generated' : /\bnextval\(/.test(sequence ?? '') ? 'sequence' : 'value',
    expression: sequence ?? undefined,
  }
}

function checkOf({ name, expression, columns }: ConstraintRow): CheckShape {
  return { name, expression: expression ?? '', columns: columns ?? [] }
}

function foreignKeyOf(row: ConstraintRow): ForeignKeyShape {
  const { name, columns, parentSchema, parent, parentColumns, full } = row
  return { name, columns: columns ?? [], parent: `${parentSchema}.${parent}`, parentColumns: parentColumns ?? [], full }
}

function uniqueOf({ columns, expressions, deferrable, rule }: UniqueRow, shapes: readonly ColumnShape[]): UniqueShape {
  const computed = shapes
    .filter(({ name }) => expressions !== null && mentions(expressions, name))
    .map(({ name }) => name)
  return { columns: [...new Set([...(columns ?? []), ...computed])], deferrable, rule }
}

function partitionOf({ name, bounds, checks }: PartitionRow): PartitionShape {
  return { name, conditions: [...(bounds ? [bounds] : []), ...(checks ?? [])] }
}
