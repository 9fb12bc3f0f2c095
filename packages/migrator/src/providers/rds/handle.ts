import { MigratorError } from '../../errors.ts'
import type { BackupDescription, BackupHandle, BackupScope } from '../../ports/backup.ts'
import type { Aws } from './aws.ts'
import { restoredName } from './names.ts'
import type { DbSnapshot, SourceKind } from './snapshots.ts'

interface Origin {
  /** The name of the provider that was asked, so that records of it meet; what was taken, `kind` tells. */
  readonly provider: string
  readonly kind: SourceKind
  readonly id: string
}

/** The handle of a snapshot that is available, or begun when nobody waited. */
export function handleOf(
  snapshot: DbSnapshot | undefined,
  id: string,
  origin: Origin,
  { region }: Pick<Aws, 'region'>,
  { askedAt }: Pick<BackupScope, 'askedAt'>,
): BackupHandle {
  const createdAt = snapshot?.createdAt ?? askedAt
  const description = describe(snapshot, id, origin, region, createdAt)
  return {
    id,
    provider: origin.provider,
    createdAt: createdAt.toISOString(),
    sizeBytes: snapshot?.sizeBytes,
    state: snapshot?.status === 'available' ? 'available' : 'creating',
    restores: 'elsewhere',
    restore: () => Promise.reject(elsewhere(id, description)),
    describe: () => description,
  }
}

function describe(
  snapshot: DbSnapshot | undefined,
  id: string,
  source: Origin,
  region: string,
  createdAt: Date,
): BackupDescription {
  const noun = source.kind === 'instance' ? 'DB snapshot' : 'DB cluster snapshot'
  return {
    text: `${noun} ${id} of the ${source.kind} ${source.id} in ${region}`,
    restoreCommand: `db:restore ${id} --to ${restoredName(source.id, createdAt)}`,
    details: { region, kind: source.kind, source: source.id, arn: snapshot?.arn },
  }
}

function elsewhere(id: string, { restoreCommand }: BackupDescription): MigratorError {
  return new MigratorError(
    'RESTORE_ELSEWHERE',
    `RDS restores the snapshot "${id}" to a new instance only, never in place.`,
    {
      hint: `Run ${restoreCommand}, check the result, then point the application at it.`,
      details: { backup: id, restoreCommand },
    },
  )
}
