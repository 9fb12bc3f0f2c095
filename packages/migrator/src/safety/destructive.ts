import type { Action } from '../core/migration.ts'
import { isDestructive, LOOKS_DESTRUCTIVE } from '../sql/drops.ts'
import { loadParser, parseStatements } from '../sql/statements.ts'

/** Without one of these words there is nothing to look for. */
const SUSPICIOUS = /\b(?:drop|truncate|delete|merge|do)\b/i

/** Whether an action drops, truncates or deletes. Of a module only its own code can be read: when in doubt it does. */
export async function isDestructiveAction(action: Action): Promise<boolean> {
  if (action.kind === 'module') return LOOKS_DESTRUCTIVE.test(action.run.toString())
  if (!SUSPICIOUS.test(action.sql)) return false
  await loadParser()
  const parsed = parseStatements(action.sql)
  return parsed.ok ? parsed.statements.some(isDestructive) : true
}
