import type { Action } from '../core/migration.ts'
import { isDestructive } from '../sql/drops.ts'
import { loadParser, parseStatements } from '../sql/statements.ts'

const LOOKS_DESTRUCTIVE =
  /\bdrop\s+(?:table|column|schema|type|sequence|database|materialized)\b|\btruncate\b|\bdelete\s+from\b|\.delete\(/i

/** Whether an action drops, truncates or deletes. Of a module only its own code can be read: when in doubt it does. */
export async function isDestructiveAction(action: Action): Promise<boolean> {
  if (action.kind === 'module') return LOOKS_DESTRUCTIVE.test(action.run.toString())
  if (!LOOKS_DESTRUCTIVE.test(action.sql)) return false
  await loadParser()
  const parsed = parseStatements(action.sql)
  return parsed.ok ? parsed.statements.some(isDestructive) : true
}
