import { sqlKeyOf } from '../../core/plan.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { type ErrorCode, MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { appliedChain } from '../run/applied-chain.ts'
import type { Context } from '../run/context.ts'
import type { ReadyStep } from '../run/types.ts'
import { recordSql } from './record-sql.ts'

/** The SQL of steps, by id; `note` says why that of modules is not there, or not all of it. */
export interface PreviewedSql {
  readonly sql: Readonly<Record<string, string>>
  readonly note?: string | undefined
}

/**
 * The SQL that steps will send. An SQL text tells it itself; what a module sends is known only by running it, which is done
 * on a scratch database. The live database is only read: its history, and archived sources.
 */
export async function previewSql(
  context: Context,
  on: Session,
  statuses: readonly MigrationStatus[],
  steps: readonly ReadyStep[],
): Promise<PreviewedSql> {
  const sql = textsOf(steps)
  const recovers = steps.some(({ by }) => by === 'recovery')
  const coming = steps.filter(({ by }) => by !== 'recovery')
  const unknown = coming.filter(({ id, migration }) => migration && sql[id] === undefined)
  if (unknown.length === 0) return recovers ? { sql, note: RECOVERY } : { sql }
  const { withScratch } = context
  if (!withScratch) return { sql, note: 'the SQL of modules is known only when they run' }
  try {
    const chain = await appliedChain(context, on, statuses)
    const recorded = await withScratch((scratch) => recordSql(scratch, chain, coming))
    const { failure } = recorded
    const failed = failure && `on a scratch database ${failure.id} fails: ${failure.message}`
    const note = failed ?? (recovers ? RECOVERY : undefined)
    return { sql: { ...recorded.sql, ...sql }, note }
  } catch (error) {
    // A dry run says what it can: where no scratch database can be had, modules are shown as code that is to run.
    if (error instanceof MigratorError && WITHOUT.has(error.code)) return { sql, note: error.message }
    throw error
  }
}

const RECOVERY =
  'a recovery inspects the database when it runs: it skips statements of the down that have already run, or whose objects do not exist or existed before'

const WITHOUT = new Set<ErrorCode>([
  ...(['SCRATCH_UNAVAILABLE', 'EMBEDDED_SERVER_FAILED', 'MIGRATION_FAILED', 'INVALID_INDEX'] as const),
  ...(['CONNECTION_FAILED', 'AUTHENTICATION_FAILED', 'DATABASE_NOT_FOUND', 'CONNECTION_LOST'] as const),
  ...(['ARCHIVE_DAMAGED', 'ARCHIVE_UNTRUSTED', 'VALIDATION_FAILED', 'VERIFICATION_FAILED'] as const),
])

function textsOf(steps: readonly ReadyStep[]): Readonly<Record<string, string>> {
  const texts = steps.flatMap((step) => {
    const { direction, migration } = step
    const action = direction === 'up' ? migration?.up : migration?.down
    return action?.kind === 'sql' ? [[sqlKeyOf(step), action.sql.trim()] as const] : []
  })
  return Object.fromEntries(texts)
}
