import type { ScriptLanguage, ScriptProblem } from '../../../ports/script-language.ts'
import { isDestructive, LOOKS_DESTRUCTIVE, mayBeDestructive } from './drops.ts'
import { createEffectReader } from './effect-reader.ts'
import { mayAddEnumValue } from './enum-value.ts'
import { type Forbidden, findForbidden, mayBeForbidden } from './forbidden.ts'
import { refusedInTransaction, watchEnumValues } from './in-transaction.ts'
import { inlineParameters } from './inline.ts'
import { adviceFor, findMetaCommand, type MetaCommand } from './meta-command.ts'
import { readStatement } from './read-statement.ts'
import { scriptOf } from './script.ts'
import { loadParser, parseStatements, visitStatements } from './statements.ts'
import { headerOf, isBlank } from './text.ts'
import { withoutValues } from './without-values.ts'

/** How PostgreSQL reads scripts. Its parser is loaded when the first question needs it; most commands ask none. */
export const postgresScript: ScriptLanguage = {
  header: headerOf,
  isBlank,
  body: scriptOf,
  mayBeForbidden,
  standsAlone: mayAddEnumValue,
  inline: inlineParameters,
  withoutValues: (statement) => withoutValues(statement),
  effectReader: createEffectReader,

  async problems(text, within) {
    const command = findMetaCommand(text)
    const found = findForbidden(text, within)
    // The data behind a COPY ends with a backslash too.
    if (found?.what === 'copy-from-stdin') return [problemOf(found)]
    if (command) return [problemOfCommand(command)]
    const broken = within === 'no-transaction' ? await visitStatements(text, () => undefined) : undefined
    if (broken) return [{ message: broken.message, ...broken.at }]
    return found ? [problemOf(found)] : []
  },

  async faults(text, within) {
    const known = await postgresScript.problems(text, within)
    if (known.length > 0) return known
    const faults: ScriptProblem[] = []
    const unsafeValue = watchEnumValues()
    const broken = await visitStatements(text, (statement) => {
      if (within !== 'transaction') return
      const refused = refusedInTransaction(statement)
      if (refused) faults.push({ message: `${refused} ${NEEDS_NONE}`, ...statement.at })
      const value = unsafeValue(statement)
      if (value !== undefined) faults.push({ message: `the enum value '${value}' ${UNCOMMITTED}`, ...statement.at })
    })
    return broken ? [...faults, { message: `syntax error: ${withoutPrefix(broken.message)}`, ...broken.at }] : faults
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

const NEEDS_NONE = 'cannot run in a transaction; set -- migrator: transaction=false'
const UNCOMMITTED = 'is added in this transaction and cannot be used before it commits; use it in the next migration'

function withoutPrefix(message: string): string {
  return message.replace(/^syntax error (?=at or near)/, '')
}

function problemOfCommand({ name, at }: MetaCommand): ScriptProblem {
  return { message: `${name} is a psql command, which the server does not know; ${adviceFor(name)}`, ...at }
}

const FORBIDDEN = {
  'transaction-control':
    'transaction control in a transactional migration; remove it (the migrator opens the transaction), or set -- migrator: transaction=false',
  'copy-from-stdin': 'COPY … FROM STDIN needs a stream, which a migration does not have; write INSERT … VALUES',
} as const
