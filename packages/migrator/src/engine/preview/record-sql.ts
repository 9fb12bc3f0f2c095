import type { Migration } from '../../core/migration.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { schemaAt, throwIfAborted } from '../rehearse/schema-at.ts'
import { announced, tryStep } from '../rehearse/try-step.ts'
import type { ReadyStep } from '../run/types.ts'

/** What steps send, as far as they came on a scratch database. */
export interface RecordedSql {
  /** By id. */
  readonly sql: Readonly<Record<string, string>>
  /** Of the step that fails there; what comes after it could not be tried. */
  readonly failure?: { readonly id: string; readonly message: string } | undefined
}

/**
 * Runs the steps on a scratch database that stands where `chain` leads, and records every statement that they send, with
 * its parameters written out. Tables there hold what migrations put into them, and nothing else: a loop over people's
 * rows sends more. Rejects as `schemaAt` does.
 */
export async function recordSql(
  context: ScratchContext,
  chain: readonly Migration[],
  steps: readonly ReadyStep[],
): Promise<RecordedSql> {
  const scratch = await schemaAt(context, chain)
  const { script } = scratch.database
  const sql: Record<string, string> = {}
  try {
    const session = await scratch.database.connect({ modules: true })
    for (const { id, direction, migration } of steps) {
      throwIfAborted(context)
      if (!migration) continue
      const sent: string[] = []
      const beforeStatement = async (text: string, parameters: readonly unknown[] = []) => {
        sent.push(script?.inline(text.trim(), parameters) ?? text.trim())
        return 'run' as const
      }
      const watch = { ...announced(context, migration, direction), beforeStatement }
      const tried = { migration, direction, signal: context.signal, watch }
      const failure = await failureOf(tryStep(session, scratch, tried))
      sql[id] = sent.map((text) => (text.endsWith(';') ? text : `${text};`)).join('\n')
      if (failure) return { sql, failure: { id, message: failure.message } }
    }
    return { sql }
  } finally {
    await scratch.drop()
  }
}

async function failureOf(work: Promise<void>): Promise<MigratorError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof MigratorError && error.code !== 'CONNECTION_LOST' && error.code !== 'INTERRUPTED') return error
    throw error
  }
}
