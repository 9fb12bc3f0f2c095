import { cutStatements, type Range, wordsOf } from './cut.ts'
import { createLocator, type Position } from './text.ts'

export interface SessionStateChange {
  readonly statement: string
  readonly at: Position
}

/**
 * The first statement that changes its session for longer than its transaction. Behind a pooler, outside a transaction, it
 * would change a connection that other clients get next, and not be there for the statement that follows.
 */
export function findSessionState(sql: string): SessionStateChange | undefined {
  if (!MAY_CHANGE.test(sql)) return undefined
  for (const range of cutStatements(sql)) {
    const statement = sql.slice(range.from, range.to).trimEnd()
    if (changesSession(sql, range, statement)) return { statement, at: createLocator(sql)(range.from) }
  }
  return undefined
}

const MAY_CHANGE = /\b(?:set|reset|discard|set_config|prepare|listen|load|hold|temp|temporary|pg_temp)\b|advisory/i

function changesSession(sql: string, range: Range, statement: string): boolean {
  const words = [...wordsOf(sql, range)]
  const [first = '', second = ''] = words
  const temporary = words.some((word) => TEMPORARY.has(word))
  if (first === 'create' && words.some((word) => DEFINES_CODE.has(word))) return temporary
  if (first === 'set') return !LASTS_FOR_A_TRANSACTION.has(second)
  if (first === 'prepare') return second !== 'transaction'
  if (first === 'declare') return words.includes('hold') && !words.includes('without')
  if (first === 'do' && SET_IN_CODE.test(statement)) return true
  if (ALWAYS.has(first) || CALLS.test(statement)) return true
  return MAKES_TABLES.has(first) && temporary
}

const LASTS_FOR_A_TRANSACTION = new Set(['local', 'transaction', 'constraints'])
const ALWAYS = new Set(['reset', 'discard', 'listen', 'load'])
const MAKES_TABLES = new Set(['create', 'select', 'with'])
const TEMPORARY = new Set(['temp', 'temporary', 'pg_temp'])

/** What these say happens when they are called. */
const DEFINES_CODE = new Set(['function', 'procedure', 'trigger', 'rule', 'view'])

/** `is_local` is the last argument; anything but a plain true may last. Locks of a transaction have `xact` in their names. */
const CALLS = /\bset_config\s*\((?![^()]*,\s*(?:true|'t(?:rue)?')\s*\))|\bpg_(?:try_)?advisory_(?:lock|unlock)/i
const SET_IN_CODE = /(?:;|\bbegin|\bthen|\belse|\bloop)\s+set\s+(?!local\b|transaction\b|constraints\b)/i
