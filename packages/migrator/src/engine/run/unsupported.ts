import { MigratorError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import type { RunOptions } from './context.ts'

type Offered = Pick<Database, 'capabilities' | 'keptData' | 'losses'>

/** Throws NOT_SUPPORTED when a run was asked for what this database does not offer; nothing has happened yet then. */
export function refuseUnsupported(
  { capabilities, keptData, losses }: Offered,
  { transaction, preserveData }: Pick<RunOptions, 'transaction' | 'preserveData'>,
  lossMustBeKnown = false,
): void {
  if (transaction === 'batch' && !capabilities.oneTransactionForAll)
    throw unsupported('one transaction for all steps', 'Leave out --transaction batch.')
  if (preserveData && !keptData)
    throw unsupported(
      'preserving the data that a rollback destroys',
      'Leave out --preserve-data, and take a backup first.',
    )
  if (lossMustBeKnown && !losses)
    throw unsupported(
      'measuring what a rollback destroys',
      'Take a backup first, or accept the loss with --accept-loss.',
    )
}

export function unsupported(what: string, hint?: string): MigratorError {
  return new MigratorError(
    'NOT_SUPPORTED',
    `This database does not support ${what}.`,
    hint === undefined ? {} : { hint },
  )
}
