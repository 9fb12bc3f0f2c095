import type { HintConstant, RowHint } from '../../../core/data/row-hints.ts'
import type { Direction } from '../../../core/migration.ts'
import { inner, isNode, listOf, type Node, nameParts, relationOf, textOf } from './nodes.ts'
import { parseStatements, type Statement } from './statements.ts'

/** Conditions of what a schema holds from then on are for later rows. */
const OF_THE_SCHEMA = new Set([
  'Constraint',
  'IndexStmt',
  'CreateStmt',
  'ViewStmt',
  'RuleStmt',
  'CreateTrigStmt',
  'CreatePolicyStmt',
])

/** A row is inserted where there is none yet. */
const EXISTENCE = 'SubLink'

/**
 * What a statement's conditions and assignments compare columns with: rows that hold such values are the ones that it is
 * written for. One list a statement; those in a DO block or a function's body are statements as well.
 */
export function hintsIn(
  { type, node: fields }: Statement,
  parameters: readonly unknown[] = [],
): readonly (readonly RowHint[])[] {
  if (OF_THE_SCHEMA.has(type)) return []
  const node = { [type]: fields }
  if (type === 'InsertStmt' && hasAny(fields, [EXISTENCE])) return []
  const own = hintsBelow(node, parameters)
  const bodies = bodiesIn(node).flatMap(statementsIn)
  return [own, ...bodies.map((each) => hintsBelow({ [each.type]: each.node }, parameters))]
}

/** Whether rows of one of these tables are changed or removed by it: an UPDATE, a DELETE or a MERGE, in a WITH too. */
export function changesRows({ type, node }: Statement, tables: ReadonlySet<string>): boolean {
  return (
    !OF_THE_SCHEMA.has(type) &&
    type !== 'CreateFunctionStmt' &&
    changedIn({ [type]: node }).some((name) => tables.has(name))
  )
}

function changedIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(changedIn)
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const own = CHANGES.has(key) && isNode(child) ? [relationOf(child.relation).name] : []
    return [...own, ...changedIn(child)]
  })
}

const CHANGES = new Set(['UpdateStmt', 'DeleteStmt', 'MergeStmt'])

function hasAny(value: unknown, types: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((each) => hasAny(each, types))
  if (!isNode(value)) return false
  return Object.entries(value).some(([key, child]) => types.includes(key) || hasAny(child, types))
}

/** Code of other languages holds no statement that could be read. */
function bodiesIn(value: unknown): readonly string[] {
  const texts = hasAny(value, ['DoStmt', 'CreateFunctionStmt']) ? textsBelow(value) : []
  return texts.filter((text) => /\b(?:update|delete|where)\b/i.test(text))
}

function textsBelow(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsBelow)
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) =>
    key === 'sval' && typeof child === 'string' ? [child] : textsBelow(child),
  )
}

const INSIDE = /\b(?:update|delete\s+from|insert\s+into|select|with)\b[^;]*?(?=;|\bloop\b|$)/gi

function statementsIn(body: string): readonly Statement[] {
  return [...body.matchAll(INSIDE)].flatMap(([text]) => {
    const parsed = parseStatements(text)
    return parsed.ok ? parsed.statements : []
  })
}

/** Of a down: what it deletes is what the up has inserted, as a rule, and nobody's row from before. */
export function isHintOf({ type }: Statement, direction: Direction): boolean {
  return direction === 'up' || type === 'UpdateStmt'
}

function hintsBelow(value: unknown, parameters: readonly unknown[]): readonly RowHint[] {
  if (Array.isArray(value)) return value.flatMap((each) => hintsBelow(each, parameters))
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    if (OF_THE_SCHEMA.has(key)) return []
    const own = isNode(child) ? (READERS[key]?.(child, parameters) ?? []) : []
    const whole = own.length > 0 && key === 'A_Expr'
    return whole ? own : [...own, ...hintsBelow(child, parameters)]
  })
}

type Read = (node: Node, parameters: readonly unknown[]) => readonly RowHint[]

const READERS: Readonly<Record<string, Read>> = {
  A_Expr: (node, parameters) => {
    const operator = nameParts(node.name).at(-1) ?? ''
    return compared([node.lexpr, node.rexpr], node.kind === 'AEXPR_LIKE' ? '~~' : operator, parameters)
  },
  FuncCall: (node, parameters) => compared(listOf(node.args), '', parameters),
  CaseExpr: (node, parameters) =>
    node.arg === undefined
      ? []
      : compared([node.arg, ...listOf(node.args).map((each) => inner(each, 'CaseWhen').expr)], '=', parameters),
  NullTest: ({ arg, nulltesttype }) =>
    nulltesttype === 'IS_NULL'
      ? columnsIn(arg).map((column) => ({ column, constants: [{ text: null, operator: 'IS' }] }))
      : [],
  UpdateStmt: ({ targetList }, parameters) =>
    listOf(targetList).flatMap((each): readonly RowHint[] => {
      const { name, val } = inner(each, 'ResTarget')
      const constants = constantsIn(isNode(val) && 'A_Const' in val ? val : undefined, '=', parameters)
      return constants.length === 0 ? [] : [{ column: textOf(name), constants }]
    }),
}

function compared(sides: readonly unknown[], operator: string, parameters: readonly unknown[]): readonly RowHint[] {
  const columns = new Set(sides.flatMap(columnsIn))
  const constants = sides.flatMap((each) => constantsIn(each, operator, parameters))
  return constants.length === 0 ? [] : [...columns].map((column) => ({ column, constants }))
}

/** A subquery has columns and constants of its own. */
const SEPARATE = new Set(['SelectStmt', 'SubLink'])

function columnsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(columnsIn)
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    if (SEPARATE.has(key)) return []
    if (key !== 'ColumnRef' || !isNode(child)) return columnsIn(child)
    return [nameParts(child.fields).at(-1) ?? ''].filter((name) => name !== '')
  })
}

function constantsIn(value: unknown, operator: string, parameters: readonly unknown[]): readonly HintConstant[] {
  if (Array.isArray(value)) return value.flatMap((each) => constantsIn(each, operator, parameters))
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]): readonly HintConstant[] => {
    if (SEPARATE.has(key) || !isNode(child))
      return key === 'args' || key === 'items' || key === 'elements' ? constantsIn(child, operator, parameters) : []
    if (key === 'A_Const') return constant(textOfConstant(child), operator)
    if (key === 'ParamRef') return constant(textOfParameter(parameters[Number(child.number) - 1]), operator)
    if (key === 'A_Expr') return constantsIn(child, nameParts(child.name).at(-1) ?? '', parameters)
    return constantsIn(child, operator, parameters)
  })
}

function constant(text: string | undefined, operator: string): readonly HintConstant[] {
  return text === undefined ? [] : [{ text, operator }]
}

/** The parser leaves out what is zero, empty or false. */
function textOfConstant({ sval, ival, fval, boolval, isnull }: Node): string | undefined {
  if (isnull === true) return undefined
  if (isNode(sval)) return textOf(sval.sval)
  if (isNode(ival)) return textOf(ival.ival ?? 0)
  if (isNode(fval)) return textOf(fval.fval)
  return isNode(boolval) ? String(boolval.boolval ?? false) : undefined
}

function textOfParameter(value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString()
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined
}
