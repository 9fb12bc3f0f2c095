import type { Action } from '../../../src/core/migration.ts'
import type { ScriptLanguage, ScriptProblem, ScriptStatement } from '../../../src/ports/script-language.ts'

/**
 * A statement a line: `create a`, `drop a`, `fill a` (a row), `empty a`, `fail`, `pause`, and `run STATEMENT`, which is code that
 * can't be looked into. Lines that begin with `--` are comments.
 */
const STATEMENT = /^(?:(create|drop|fill|empty) (\w+)|(fail|pause)|run (.+))$/

export interface MemoryStatement {
  readonly word: string
  readonly name: string
  /** What it runs, of code. */
  readonly code?: string | undefined
}

/** Undefined for what is no statement. */
export function readStatement(text: string): MemoryStatement | undefined {
  const [, word, name, alone, code] = STATEMENT.exec(text) ?? []
  if (code !== undefined) return { word: 'run', name: '', code }
  const said = word ?? alone
  return said === undefined ? undefined : { word: said, name: name ?? '' }
}

interface Line {
  readonly text: string
  readonly line: number
}

export function linesOf(script: string): readonly Line[] {
  return script
    .split('\n')
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('--'))
}

export const memoryScript: ScriptLanguage = {
  header: (text) => (/^(?:\s*--.*\n?)*/.exec(text)?.[0] ?? '').replaceAll(/^\s*--\s*/gm, ''),
  isBlank: (text) => linesOf(text).length === 0,
  body: (text) => text,
  mayBeForbidden: () => false,
  standsAlone: () => false,
  inline: (statement) => statement,
  withoutValues: (statement) => statement,
  problems: async (text) => problemsIn(text),
  faults: async (text) => problemsIn(text),
  async statements(text) {
    return problemsIn(text).length > 0 ? undefined : linesOf(text).map((line) => meaningOf(line.text))
  },
  async isDestructive(action) {
    return /\b(?:drop|empty) /.test(textOf(action))
  },
  effectReader: () => ({ read: async ({ kind }) => ({ effects: [], isOpaque: kind === 'module' }) }),
}

function problemsIn(text: string): readonly ScriptProblem[] {
  const wrong = linesOf(text).filter((line) => readStatement(line.text) === undefined)
  return wrong.map(({ text: said, line }) => ({ message: `"${said}" is no statement`, line, column: 1 }))
}

function meaningOf(sql: string): ScriptStatement {
  const { word = '', name = '' } = readStatement(sql) ?? {}
  const object = { kind: 'object', schema: 'main', name }
  return {
    sql,
    drops: word === 'drop' ? [object] : [],
    isRemoval: word === 'drop',
    wipes: word === 'empty' ? object : undefined,
    createsIndexes: [],
    isOpaque: word === 'run',
    transaction: 'as-before',
  }
}

function textOf(action: Action): string {
  return action.kind === 'sql' ? action.sql : String(action.run)
}
