import type { Migration } from '../core/migration.ts'
import type { DownTarget, UpTarget } from '../core/target.ts'
import type { RunOptions } from '../engine/run/context.ts'
import type { RunReport } from '../engine/run/report.ts'
import type { Proposal } from '../engine/run/run-kind.ts'
import type { Database } from '../ports/database.ts'
import type { HistoryStore } from '../ports/history-store.ts'

/** As much of a `MigrationRunner` as is needed to make its runs fail. `Input` is what it takes for a migration. */
export interface TestedRunner<Input = Migration> {
  readonly adapter: Database
  readonly stateStore: HistoryStore
  /** The same runner over another adapter. */
  over(adapter: Database): TestedRunner<Input>
  define(migrations: readonly Input[]): readonly Migration[]
  apply(
    migrations: readonly Migration[],
    options: Partial<Pick<RunOptions, 'transaction'>> & {
      readonly target: UpTarget
      readonly approve?: (proposal: Proposal) => Promise<void>
    },
  ): Promise<RunReport>
  rollback(
    migrations: readonly Migration[],
    options: {
      readonly target: DownTarget
      readonly force: boolean
      readonly acceptLoss: boolean
      readonly reason: string
    },
  ): Promise<RunReport>
}
