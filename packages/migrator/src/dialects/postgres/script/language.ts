import type { ScriptLanguage, ScriptProblem } from '../../../ports/script-language.ts'
import { isDestructive, LOOKS_DESTRUCTIVE, mayBeDestructive } from './drops.ts'
import { createEffectReader } from './effect-reader.ts'
import { mayAddEnumValue } from './enum-value.ts'
import { type Forbidden, findForbidden, mayBeForbidden } from './forbidden.ts'
import { inlineParameters } from './inline.ts'
import { readStatement } from './read-statement.ts'
import { scriptOf } from './script.ts'
import { loadParser, parseStatements, visitStatements } from './statements.ts'
import { headerOf, isBlank } from './text.ts'

/** How PostgreSQL reads scripts. Its parser is loaded when the first question needs it; most commands ask none. */
export const postgresScript: ScriptLanguage = {
  header: headerOf,
  isBlank,
  body: scriptOf,
  mayBeForbidden,
  standsAlone: mayAddEnumValue,
  inline: inlineParameters,
  effectReader: createEffectReader,

  async problems(text, within) {
    const broken = within === 'no-transaction' ? await visitStatements(text, () => undefined) : undefined
    if (broken) return [{ message: broken.message, ...broken.at }]
    const found = findForbidden(text, within)
    return found ? [problemOf(found)] : []
  },

  async statements(text) {
    await loadParser()
    const parsed = parseStatements(text)
    return parsed.ok ? parsed.statements.map(readStatement) : undefined
  },

  async isDestructive(action) {
    if (action.kind === 'module') return LOOKS_DESTRUCTIVE.test(action.run.toString())
    if (!mayBeDestructive(action.sql)) return false
    let found = false
    const broken = await visitStatements(action.sql, (statement) => {
      found = isDestructive(statement)
      return found ? 'stop' : undefined
    })
    return found || broken !== undefined
  },
}

function problemOf({ what, at }: Forbidden): ScriptProblem {
  return { message: FORBIDDEN[what], ...at }
}

const FORBIDDEN = {
  'transaction-control':
    'transaction control in a transactional migration; remove it (the migrator opens the transaction), or set -- migrator: transaction=false',
  'copy-from-stdin': 'COPY … FROM STDIN needs a stream that a migration has not; write INSERT … VALUES',
} as const
