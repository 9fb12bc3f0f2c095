import { inner, listOf, type Node, refOf, relationOf } from './nodes.ts'
import type { Statement } from './statements.ts'

/** Something whose rows a statement may change or lose, by name; what that means in a database its catalog tells. */
export interface Touched {
  /** `text`: code that is not SQL to be parsed; `name` is the code. */
  readonly kind: 'relation' | 'type' | 'schema' | 'extension' | 'function' | 'role' | 'text'
  /** Undefined where the statement leaves it to the search path. */
  readonly schema?: string | undefined
  readonly name: string
  /**
   * `rows`: also to tables that refer to it with ON DELETE or ON UPDATE. `truncate`: to all that refer to it. `drop`: to what
   * depends on it in the catalog.
   */
  readonly spreads: 'nowhere' | 'rows' | 'truncate' | 'drop'
}

/** What a statement touches: itself, its WITH queries, and of functions that it calls their names. */
export function touchedBy({ type, node, sql }: Statement): readonly Touched[] {
  if (type === 'DoStmt') return [{ kind: 'text', name: sql, spreads: 'rows' }]
  if (type === 'DropStmt') return dropped(node)
  if (type === 'DropOwnedStmt')
    return listOf(node.roles).map((role) => ({
      kind: 'role',
      name: String(inner(role, 'RoleSpec').rolename ?? ''),
      spreads: 'drop',
    }))
  return within(type, node)
}

/** These define something and run nothing of what they contain. */
const DEFINITIONS = new Set(['CreateFunctionStmt', 'RuleStmt', 'CreateTrigStmt', 'ViewStmt', 'CreatePolicyStmt'])

/** Whether a statement changes where unqualified names lead. */
export function movesSearchPath({ type, node, sql }: Statement): boolean {
  if (type === 'VariableSetStmt') return node.name === 'search_path'
  return /\bset_config\s*\(\s*'search_path'/i.test(sql)
}

function within(type: string, node: Node): readonly Touched[] {
  if (DEFINITIONS.has(type)) return []
  return [...(TARGETS[type]?.(node) ?? []), ...below(node)]
}

function below(value: unknown): readonly Touched[] {
  if (Array.isArray(value)) return value.flatMap(below)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) =>
    key.endsWith('Stmt') || key === 'FuncCall' ? within(key, (child ?? {}) as Node) : below(child),
  )
}

const TARGETS: Readonly<Record<string, (node: Node) => readonly Touched[]>> = {
  InsertStmt: ({ relation }) => ranged(relation, 'rows'),
  UpdateStmt: ({ relation }) => ranged(relation, 'rows'),
  DeleteStmt: ({ relation }) => ranged(relation, 'rows'),
  MergeStmt: ({ relation }) => ranged(relation, 'rows'),
  CopyStmt: ({ relation, is_from }) => (is_from ? ranged(relation, 'rows') : []),
  TruncateStmt: ({ relations, behavior }) =>
    listOf(relations).flatMap((each) => ranged(each, behavior === 'DROP_CASCADE' ? 'truncate' : 'nowhere')),
  AlterTableStmt: altered,
  RenameStmt: renamed,
  AlterObjectSchemaStmt: ({ relation, object, objectType }) =>
    relation ? ranged(relation, 'nowhere') : typed(objectType, object),
  AlterEnumStmt: ({ typeName }) => named('type', typeName, 'nowhere'),
  AlterDomainStmt: ({ typeName }) => named('type', typeName, 'nowhere'),
  CallStmt: ({ funccall }) => named('function', inner(funccall, 'FuncCall').funcname, 'rows'),
  FuncCall: ({ funcname }) => named('function', funcname, 'rows'),
}

/** ALTER TABLE and its kin: also of types, whose attributes are columns, and of views, through which nothing is lost. */
function altered({ relation, objtype }: Node): readonly Touched[] {
  if (objtype === 'OBJECT_TYPE') return ranged(relation, 'drop').map((each) => ({ ...each, kind: 'type' as const }))
  return ALTERED.has(String(objtype)) ? ranged(relation, 'drop') : []
}

const ALTERED = new Set(['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE'])

function renamed({ relation, renameType, relationType, object }: Node): readonly Touched[] {
  const harmless =
    renameType === 'OBJECT_TABCONSTRAINT' || renameType === 'OBJECT_INDEX' || renameType === 'OBJECT_TRIGGER'
  if (harmless) return []
  if (relationType === 'OBJECT_TYPE')
    return ranged(relation, 'nowhere').map((each) => ({ ...each, kind: 'type' as const }))
  if (renameType === 'OBJECT_SCHEMA') return []
  return relation ? ranged(relation, 'nowhere') : typed(renameType, object)
}

function typed(objectType: unknown, object: unknown): readonly Touched[] {
  return objectType === 'OBJECT_TYPE' || objectType === 'OBJECT_DOMAIN' ? named('type', object, 'nowhere') : []
}

const DROPPED: Readonly<Record<string, Touched['kind']>> = {
  OBJECT_TABLE: 'relation',
  OBJECT_FOREIGN_TABLE: 'relation',
  OBJECT_VIEW: 'relation',
  OBJECT_MATVIEW: 'relation',
  OBJECT_SEQUENCE: 'relation',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_SCHEMA: 'schema',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
}

function dropped({ removeType, objects }: Node): readonly Touched[] {
  const kind = DROPPED[String(removeType)]
  return kind ? listOf(objects).flatMap((object) => named(kind, object, 'drop')) : []
}

function ranged(value: unknown, spreads: Touched['spreads']): readonly Touched[] {
  const ref = relationOf(value)
  return ref.name === '' ? [] : [{ kind: 'relation', ...ref, spreads }]
}

function named(kind: Touched['kind'], value: unknown, spreads: Touched['spreads']): readonly Touched[] {
  const ref = refOf(value)
  return ref.name === '' || ref.schema === 'pg_catalog' ? [] : [{ kind, ...ref, spreads }]
}

/**
 * Which of these names a piece of code names, as whole words: as they are, in lower case where the name is (unquoted SQL
 * folds to it), and with their quotes doubled. A name that only looks like one is named too: when in doubt it is touched.
 */
export function namesIn(code: string, names: readonly string[]): readonly string[] {
  const folded = code.toLowerCase()
  return names.filter((name) => {
    const where = name === name.toLowerCase() ? folded : code
    return hasWord(where, name) || (name.includes('"') && hasWord(where, name.replaceAll('"', '""')))
  })
}

const WORD = /[\p{L}\p{N}_$]/u

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? ''
    const after = Array.from(text.slice(at + word.length, at + word.length + 2))[0] ?? ''
    if (!(WORD.test(before) && WORD.test(word[0] ?? '')) && !(WORD.test(after) && WORD.test(word.at(-1) ?? '')))
      return true
  }
  return false
}
