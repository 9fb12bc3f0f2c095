import type { Action } from '../core/migration.ts'
import type { ScriptLanguage } from '../ports/script-language.ts'

/** Whether an action drops, empties or deletes: when in doubt it does, and where nothing can be read there is doubt. */
export async function isDestructiveAction(script: ScriptLanguage | undefined, action: Action): Promise<boolean> {
  return script?.isDestructive(action) ?? true
}
