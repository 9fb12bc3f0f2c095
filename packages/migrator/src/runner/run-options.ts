import { withDefaults } from '../core/options.ts'
import { defaultRunOptions, type RunOptions } from '../engine/run/context.ts'
import type { Proposal } from '../engine/run/run-kind.ts'
import type { RunCallOptions } from './options.ts'

type Asked = RunCallOptions & Pick<RunOptions, 'preserveData' | 'acceptLoss'>

export interface DecidedOptions extends RunOptions {
  readonly dryRun: boolean
  readonly approve: (proposal: Proposal) => Promise<void>
}

/** What was asked for, with a default for the rest. */
export function runOptionsOf(asked: Asked): DecidedOptions {
  const { lockTimeoutMs, statementTimeoutMs, lockWaitMs, lockRetries, transaction, onFailure, dirty } = asked
  const { reason, preserveData, acceptLoss, backupProvider: backup, dryRun = false, approve = agree } = asked
  const decided = { lockTimeoutMs, statementTimeoutMs, lockWaitMs, lockRetries, transaction, onFailure, dirty }
  return { ...withDefaults(defaultRunOptions, decided), reason, preserveData, acceptLoss, backup, dryRun, approve }
}

async function agree(): Promise<void> {}
