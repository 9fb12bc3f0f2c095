import { type ForeignKeyShape, nameOf, type TableShape } from '../../../core/data/table-shape.ts'

/** Tables in the order in which rows go in: parents first. */
export interface InsertOrder {
  readonly groups: readonly TableGroup[]
  /** Foreign keys, by `keyOf`, that stay NULL at first and are filled when all rows are in: they close a circle. */
  readonly late: ReadonlySet<string>
}

export interface TableGroup {
  readonly tables: readonly TableShape[]
  /** Their rows need each other and go in together, in one statement: no key of the circle may be NULL. */
  readonly ring: boolean
}

export function insertOrder(tables: readonly TableShape[]): InsertOrder {
  const late = new Set<string>()
  for (const circle of circlesOf(tables, () => true)) {
    const inside = new Set(circle.map(nameOf))
    for (const table of circle) {
      for (const key of table.foreignKeys) {
        if (inside.has(key.parent) && canWait(table, key)) late.add(keyOf(table, key))
      }
    }
  }
  const groups = components(tables, (table, key) => !late.has(keyOf(table, key)))
  return { groups: groups.map((group) => ({ tables: group, ring: isCircle(group, late) })), late }
}

export function keyOf(table: TableShape, key: ForeignKeyShape): string {
  return `${nameOf(table)} ${key.name}`
}

/** Whether a row can go in before its parent: with NULL in a column, in all of them where the match is full. */
export function canWait(table: TableShape, key: ForeignKeyShape): boolean {
  const nullable = key.columns.map((name) => table.columns.find((column) => column.name === name)?.nullable ?? false)
  return key.full ? nullable.every(Boolean) : nullable.some(Boolean)
}

type Counts = (table: TableShape, key: ForeignKeyShape) => boolean

function circlesOf(tables: readonly TableShape[], counts: Counts): readonly (readonly TableShape[])[] {
  return components(tables, counts).filter(
    (group) =>
      group.length > 1 || group.some((table) => table.foreignKeys.some(({ parent }) => parent === nameOf(table))),
  )
}

function isCircle(group: readonly TableShape[], late: ReadonlySet<string>): boolean {
  if (group.length > 1) return true
  return group.some((table) =>
    table.foreignKeys.some((key) => key.parent === nameOf(table) && !late.has(keyOf(table, key))),
  )
}

interface Visit {
  readonly index: number
  low: number
  open: boolean
}

/** Strongly connected components after Tarjan, which come out parents first. Deep chains don't nest: it keeps its own stack. */
function components(tables: readonly TableShape[], counts: Counts): readonly (readonly TableShape[])[] {
  const byName = new Map(tables.map((table) => [nameOf(table), table]))
  const visits = new Map<TableShape, Visit>()
  const open: TableShape[] = []
  const found: (readonly TableShape[])[] = []
  const parentsOf = (table: TableShape) =>
    table.foreignKeys.filter((key) => counts(table, key)).flatMap(({ parent }) => byName.get(parent) ?? [])

  const enter = (table: TableShape) => {
    const visit: Visit = { index: visits.size, low: visits.size, open: true }
    visits.set(table, visit)
    open.push(table)
    return { table, visit, parents: parentsOf(table), at: 0 }
  }
  const close = (table: TableShape) => {
    const group = open.splice(open.lastIndexOf(table))
    for (const member of group) (visits.get(member) as Visit).open = false
    found.push(group.reverse())
  }
  for (const start of tables) {
    const stack = visits.has(start) ? [] : [enter(start)]
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const parent = top.parents[top.at++]
      if (parent) {
        const seen = visits.get(parent)
        if (!seen) stack.push(enter(parent))
        else if (seen.open) top.visit.low = Math.min(top.visit.low, seen.index)
        continue
      }
      stack.pop()
      const below = stack.at(-1)
      if (below) below.visit.low = Math.min(below.visit.low, top.visit.low)
      if (top.visit.low === top.visit.index) close(top.table)
    }
  }
  return found
}
