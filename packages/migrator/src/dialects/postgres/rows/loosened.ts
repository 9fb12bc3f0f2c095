import { nameOf, type TableShape, type UniqueShape } from '../../../core/data/table-shape.ts'

/**
 * Shapes of the same table for rows that it takes now and its earlier shape refused, as applications will write them: one
 * for each check that is gone, whose opposite they fulfil, and for each rule of uniqueness that is, in whose columns they
 * are like existing rows (taken from them as a foreign key's values are).
 */
export function loosenedShapes(earlier: readonly TableShape[], now: TableShape): readonly TableShape[] {
  const former = earlier.find((shape) => nameOf(shape) === nameOf(now))
  return former ? [...withoutCheck(former, now), ...withoutUnique(former, now)] : []
}

/** The shape of the same table for rows that its earlier shape would have taken too, as far as its columns are still there. */
export function tightenedShape(earlier: readonly TableShape[], now: TableShape): TableShape {
  const former = earlier.find((shape) => nameOf(shape) === nameOf(now))
  if (!former) return now
  const names = new Set(now.columns.map(({ name }) => name))
  const required = new Set(former.columns.filter(({ nullable }) => !nullable).map(({ name }) => name))
  const still = <T extends { readonly columns: readonly string[] }>(rules: readonly T[], standing: readonly T[]) => {
    const known = new Set(standing.map((rule) => JSON.stringify(rule)))
    return rules.filter((rule) => !known.has(JSON.stringify(rule)) && rule.columns.every((column) => names.has(column)))
  }
  return {
    ...now,
    columns: now.columns.map((column) => (required.has(column.name) ? { ...column, nullable: false } : column)),
    checks: [...now.checks, ...still(former.checks, now.checks)],
    uniques: [...now.uniques, ...still(former.uniques, now.uniques)],
    foreignKeys: [...now.foreignKeys, ...still(former.foreignKeys, now.foreignKeys)],
  }
}

function withoutCheck(former: TableShape, now: TableShape): readonly TableShape[] {
  const standing = new Set(now.checks.map(({ expression }) => expression))
  const gone = former.checks.filter(({ expression, columns }) => !standing.has(expression) && hasValues(now, columns))
  return gone.map((check) => ({
    ...now,
    checks: [...now.checks, { ...check, expression: `(${check.expression}) IS FALSE` }],
  }))
}

function withoutUnique(former: TableShape, now: TableShape): readonly TableShape[] {
  const standing = new Set(now.uniques.map(printOf))
  const gone = former.uniques.filter(
    (unique) => unique.columns.length > 0 && !standing.has(printOf(unique)) && hasValues(now, unique.columns),
  )
  return gone.map(({ columns }) => ({
    ...now,
    foreignKeys: [
      ...now.foreignKeys.filter((key) => !key.columns.some((column) => columns.includes(column))),
      { name: 'of a twin', columns, parent: nameOf(now), parentColumns: columns, full: false },
    ],
  }))
}

function printOf({ columns, rule }: UniqueShape): string {
  return JSON.stringify([[...columns].sort(), rule])
}

function hasValues({ columns }: TableShape, names: readonly string[]): boolean {
  return names.every((name) => columns.some((column) => column.name === name && column.source === 'value'))
}
