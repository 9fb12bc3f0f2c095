import { createHash } from 'node:crypto'
import type { MigrationFile } from '../../core/migration.ts'

/**
 * A key for each point of a history, the newest last: the same migrations in the same order on the same PostgreSQL lead
 * to the same schema. Downs have no part in it. Each key is a hash of the one before and of what came then.
 */
export function standingKeys(
  chain: readonly Pick<MigrationFile, 'id' | 'checksum' | 'importsChecksum'>[],
  major: number,
): readonly string[] {
  let key = `standing 2 on ${major}`
  return chain.map(({ id, checksum, importsChecksum = '' }) => {
    key = createHash('sha256').update(`${key}\n${id} ${checksum} ${importsChecksum}`).digest('hex')
    return key
  })
}
