import type { Context, MigrationSet } from '../engine/run/context.ts'
import { migrate } from '../engine/run/migrate.ts'
import type { RunReport } from '../engine/run/report.ts'
import { rollback } from '../engine/run/rollback.ts'
import type { PlanOptions } from './options.ts'
import { runOptionsOf } from './run-options.ts'
import { downTargetOf, upTargetOf } from './targets.ts'

/** The run that is planned, as a dry run under the rules of the call that would run it. */
export async function dryRunOf(context: Context, set: MigrationSet, options: PlanOptions): Promise<RunReport> {
  const dry = runOptionsOf({ dryRun: true })
  const { force = false } = options
  if (options.direction !== 'down') {
    const { allowOutOfOrder = false } = options
    return migrate(context, set, { ...dry, target: upTargetOf(options), allowOutOfOrder })
  }
  const everything = force || (options.all ?? false)
  return rollback(context, set, { ...dry, target: downTargetOf(options), force, everything, onLoss: 'tell' })
}
