import { knownLossIn } from '../core/certificate.ts'
import type { KnownLoss } from '../core/loss.ts'
import { readLockFile } from '../load/lock-file.ts'
import type { CommandContext } from './command-context.ts'

/** What the certificates beside the migrations prove of their downs. Throws LOCK_FILE_INVALID. */
export function knownLossOf({
  set,
  migrationsDirectory,
}: Pick<CommandContext, 'set' | 'migrationsDirectory'>): KnownLoss {
  return knownLossIn(set.files, readLockFile(migrationsDirectory))
}
