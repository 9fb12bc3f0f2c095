import type { Context, MigrationSet } from './context.ts'
import { keepingRunLock } from './lock.ts'
import { migrate } from './migrate.ts'
import type { RunReport } from './report.ts'
import { type RollbackOptions, rollback } from './rollback.ts'

export interface RedoReport {
  readonly down: RunReport
  /** Absent when the rollback failed, or had nothing to do. */
  readonly up?: RunReport | undefined
}

/**
 * Rolls back what the target names and applies exactly that again: two runs under one run lock. What either of them
 * would be refused for is known before the first begins; it is thrown, and nothing has changed. Of a dry run it is in the
 * reports' `error`.
 */
export async function redo(context: Context, set: MigrationSet, options: RollbackOptions): Promise<RedoReport> {
  if (options.dryRun) return rehearsed(context, set, options)
  // Whether they would be refused can be determined without a scratch database.
  const planned = await rehearsed({ ...context, withScratch: undefined }, set, { ...options, dryRun: true })
  const refusal = planned.down.error ?? planned.up?.error
  if (refusal) throw refusal
  return keepingRunLock(context, async (locked) => {
    const down = await rollback(locked, set, options)
    const ids = down.results.flatMap(({ step, status }) => (status === 'reverted' ? [step.id] : []))
    if (down.error || ids.length === 0) return { down }
    return { down, up: await applyAgain(locked, set, options, ids) }
  })
}

async function rehearsed(context: Context, set: MigrationSet, options: RollbackOptions): Promise<RedoReport> {
  const down = await rollback(context, set, options)
  const ids = down.plan.steps.map(({ id }) => id)
  if (ids.length === 0) return { down }
  return { down, up: await applyAgain(withoutEntries(context, ids), set, options, ids) }
}

/** The rollback was agreed to and backed up; these ids had their place in the history already. */
function applyAgain(
  context: Context,
  set: MigrationSet,
  options: RollbackOptions,
  ids: readonly string[],
): Promise<RunReport> {
  const target = { kind: 'ids', ids } as const
  return migrate(context, set, {
    ...options,
    backup: undefined,
    target,
    allowOutOfOrder: true,
    approve: async () => {},
  })
}

/** The history as the rollback would leave it. */
function withoutEntries(context: Context, ids: readonly string[]): Context {
  const store = Object.create(context.store, {
    read: {
      value: async (...args: Parameters<Context['store']['read']>) =>
        (await context.store.read(...args)).filter(({ id }) => !ids.includes(id)),
    },
  }) as Context['store']
  return { ...context, store }
}
