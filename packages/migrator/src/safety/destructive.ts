import type { Action } from '../core/migration.ts'
import { isDestructive, LOOKS_DESTRUCTIVE, mayBeDestructive } from '../dialects/postgres/script/drops.ts'
import { visitStatements } from '../dialects/postgres/script/statements.ts'

/** Whether an action drops, truncates or deletes. Of a module only its own code can be read: when in doubt it does. */
export async function isDestructiveAction(action: Action): Promise<boolean> {
  if (action.kind === 'module') return LOOKS_DESTRUCTIVE.test(action.run.toString())
  if (!mayBeDestructive(action.sql)) return false
  let found = false
  const problem = await visitStatements(action.sql, (statement) => {
    found = isDestructive(statement)
    return found ? 'stop' : undefined
  })
  return found || problem !== undefined
}
