import { invalidFiles } from '../../core/file-problem.ts'
import { planUp } from '../../core/plan.ts'
import type { UpReach } from '../../core/target.ts'
import type { Context, MigrationSet, RunOptions } from './context.ts'
import { execute } from './execute.ts'
import type { RunReport } from './report.ts'
import type { Proposal, RunKind } from './run-kind.ts'
import { refuseUnsupported } from './unsupported.ts'

export interface MigrateOptions extends RunOptions {
  readonly target: UpReach
  readonly allowOutOfOrder: boolean
  readonly dryRun: boolean
  readonly approve: (proposal: Proposal) => Promise<void>
}

/**
 * Applies pending migrations. A broken file anywhere in the directory stops it before anything runs
 * (MIGRATION_FILES_INVALID); so do edited, missing and out-of-order migrations. Takes the run lock for the run and owns
 * every transaction. After success all steps are applied and recorded; after a failure see `RunOptions.transaction`.
 */
export async function migrate(context: Context, set: MigrationSet, options: MigrateOptions): Promise<RunReport> {
  const runKind: RunKind = {
    direction: 'up',
    set,
    options,
    refuse() {
      refuseUnsupported(context.database, options)
      if (set.problems.length > 0) throw invalidFiles(set.problems)
    },
    plan: (statuses) => planUp(statuses, options.target, { allowOutOfOrder: options.allowOutOfOrder }),
    alsoLoad: (statuses) => statuses.flatMap(({ file, entry }) => (file && !entry ? [file] : [])),
    onUnusableArchive: 'stop',
    approve: options.approve,
  }
  if (!options.dryRun) return execute(context, runKind)
  const { dryRun } = await import('../preview/dry-run.ts')
  return dryRun(context, runKind)
}
