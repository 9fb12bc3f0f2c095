import type { MigrationFile } from './migration.ts'

/**
 * A key for each point of a history, the newest last: the same migrations in the same order on the same PostgreSQL lead
 * to the same schema. Downs have no part in it. A key holds all before it, so it grows; whoever stores it hashes it.
 */
export function standingKeys(
  chain: readonly Pick<MigrationFile, 'id' | 'checksum' | 'importsChecksum'>[],
  major: number,
): readonly string[] {
  const keys: string[] = []
  let key = `standing 1 on ${major}`
  for (const { id, checksum, importsChecksum = '' } of chain) {
    key = `${key}\n${id} ${checksum} ${importsChecksum}`
    keys.push(key)
  }
  return keys
}
