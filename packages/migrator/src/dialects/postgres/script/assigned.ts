import type { TableRef } from '../../../core/data-loss-effect.ts'
import { inner, isNode, listOf, type Node, refOf, relationOf, textOf } from './nodes.ts'
import type { Statement } from './statements.ts'

/** What a statement writes, and where the values come from. */
export interface Assignments {
  readonly assigned: readonly Assigned[]
  /** Tables whose rows it inserts, changes or deletes. */
  readonly writes: readonly TableRef[]
  /** Tables and views that it reads; of the one that it writes to, each row is read for itself, which does not count. */
  readonly reads: readonly TableRef[]
  /** Names of functions that it calls. */
  readonly calls: readonly string[]
  /** Code whose statements are not visible here: DO, CALL, EXECUTE. */
  readonly isOpaque: boolean
}

/** Columns of one table that get values. */
export interface Assigned {
  readonly ref: TableRef
  /** `all`: the statement does not list them. */
  readonly columns: readonly string[] | 'all'
  /**
   * `text`: constants of the statement. `data`: what the tables hold decides which value a row gets. `bound`: the value came
   * as a parameter, so code may have read it anywhere before.
   */
  readonly from: 'text' | 'data' | 'bound'
}

const OPAQUE = new Set(['DoStmt', 'CallStmt', 'ExecuteStmt'])

const WRITING = new Set(['InsertStmt', 'UpdateStmt', 'MergeStmt', 'DeleteStmt'])

/** These define something and run nothing of what they contain. */
const DEFINITIONS = new Set(['CreateFunctionStmt', 'RuleStmt', 'CreateTrigStmt', 'ViewStmt', 'CreatePolicyStmt'])

/** Reads one statement. Values from constants cannot have been written by anybody since; all others can. */
export function assignmentsOf({ type, node }: Statement): Assignments {
  if (DEFINITIONS.has(type)) return { assigned: [], writes: [], reads: [], calls: [], isOpaque: false }
  const found = {
    assigned: [] as Assigned[],
    writes: [] as TableRef[],
    reads: [] as TableRef[],
    calls: [] as string[],
    names: new Set<string>(),
    returns: false,
  }
  walk({ [type]: node }, (name, each) => {
    if (each.returningClause || each.returningList) found.returns = true
    if (WRITING.has(name)) found.writes.push(relationOf(each.relation))
    if (name === 'InsertStmt') found.assigned.push(...inserted(each))
    if (name === 'UpdateStmt') found.assigned.push(...updated(each))
    if (name === 'MergeStmt')
      found.assigned.push({ ref: relationOf(each.relation), columns: 'all', from: sourceOf(each, 'data') })
    if (name === 'CreateTableAsStmt')
      found.assigned.push({ ref: relationOf(inner(each.into, 'IntoClause').rel), columns: 'all', from: 'data' })
    if (name === 'RangeVar') found.reads.push(relationOf(each))
    if (name === 'FuncCall') found.calls.push(refOf(each.funcname).name)
    if (name === 'CommonTableExpr') found.names.add(textOf(each.ctename))
  })
  const reads = found.reads.filter(({ schema, name }) => schema !== undefined || !found.names.has(name))
  // The target of a statement is a bare node, which the walk does not name: its rows are read by RETURNING.
  const returned = found.returns ? found.assigned.map(({ ref }) => ref) : []
  const { assigned, writes, calls } = found
  return { assigned, writes, reads: [...reads, ...returned], calls, isOpaque: OPAQUE.has(type) }
}

function inserted(node: Node): readonly Assigned[] {
  const ref = relationOf(node.relation)
  const conflict = node.onConflictClause ? inner(node.onConflictClause, 'OnConflictClause') : undefined
  const onConflict = listOf(conflict?.targetList).map(nameOfTarget)
  const again: readonly Assigned[] =
    onConflict.length > 0 ? [{ ref, columns: onConflict, from: sourceOf(node, 'data') }] : []
  const columns = listOf(node.cols).map(nameOfTarget)
  if (!node.selectStmt) return again
  const rows = rowsOf(inner(node.selectStmt, 'SelectStmt'))
  if (!rows || columns.length === 0) {
    const constant = rows?.every((row) => row.every((value) => sourceOf(value, 'text') === 'text'))
    return [
      {
        ref,
        columns: columns.length > 0 ? columns : 'all',
        from: constant ? 'text' : sourceOf(node.selectStmt, 'data'),
      },
      ...again,
    ]
  }
  const byColumn = columns.map((column, index): Assigned => {
    const from = rows.map((row) => sourceOf(row[index], 'text'))
    return { ref, columns: [column], from: from.find((each) => each !== 'text') ?? 'text' }
  })
  return [...byColumn, ...again]
}

/** The values of each column, row by row; undefined where it cannot be determined which value is whose. */
function rowsOf(select: Node): readonly (readonly unknown[])[] | undefined {
  const values = listOf(select.valuesLists)
  if (values.length > 0) return values.map((row) => listOf(inner(row, 'List').items))
  const targets = listOf(select.targetList).map((each) => inner(each, 'ResTarget').val)
  const isPlain = targets.length > 0 && !targets.some(holdsStar)
  return isPlain ? [targets] : undefined
}

function holdsStar(value: unknown): boolean {
  return listOf(inner(value, 'ColumnRef').fields).some((field) => isNode(field) && 'A_Star' in field)
}

function updated(node: Node): readonly Assigned[] {
  const ref = relationOf(node.relation)
  // Which rows it means depends on what they hold.
  const chosen = node.whereClause !== undefined || listOf(node.fromClause).length > 0
  return listOf(node.targetList).map((each): Assigned => {
    const { name, val } = inner(each, 'ResTarget')
    const from = sourceOf(val, 'text')
    const chosenBy = chosen ? sourceOf([node.whereClause, node.fromClause], 'data') : 'text'
    return {
      ref,
      columns: [textOf(name)],
      from: [from, chosenBy].includes('bound') ? 'bound' : [from, chosenBy].includes('data') ? 'data' : 'text',
    }
  })
}

function nameOfTarget(value: unknown): string {
  return textOf(inner(value, 'ResTarget').name)
}

/** `otherwise`, unless something in it says more. */
function sourceOf(value: unknown, otherwise: 'text' | 'data'): Assigned['from'] {
  let from: Assigned['from'] = otherwise
  walk(value, (name) => {
    if (name === 'ParamRef') from = 'bound'
    else if (DATA.has(name) && from === 'text') from = 'data'
  })
  return from
}

const DATA = new Set(['ColumnRef', 'SubLink', 'RangeVar', 'FuncCall', 'MultiAssignRef'])

function walk(value: unknown, visit: (name: string, node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit)
  else if (isNode(value))
    for (const [name, child] of Object.entries(value)) {
      if (/^[A-Z]/.test(name) && isNode(child)) visit(name, child)
      walk(child, visit)
    }
}
