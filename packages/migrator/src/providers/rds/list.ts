import { MigratorError } from '../../errors.ts'
import type { BackupHandle, StoredBackup } from '../../ports/backup.ts'
import { type Aws, type Settled, withAws } from './aws.ts'
import { readEndpoint } from './endpoint.ts'
import { isAwsError } from './failure-kind.ts'
import { handleOf } from './handle.ts'
import { findSource, type Named, nameOf } from './identity.ts'
import { looksLikeOurs } from './names.ts'
import { snapshotState } from './snapshot-state.ts'
import { type DbSnapshot, type SourceKind, snapshotsOf } from './snapshots.ts'
import { readTags, type Tag } from './tags.ts'

/** Never aborted: these calls are short. */
const calm = () => new AbortController().signal

/**
 * Those that this tool made of this source, newest first. Of this source only: other databases of the account have
 * backups by the same tool, which nobody asked about and nobody may prune from here.
 */
export function listBackups(options: Settled): Promise<readonly StoredBackup[]> {
  return withAws(options, calm(), async (aws) => {
    const { kind, id } = await sourceOrName(aws, options)
    const snapshots = await snapshotsOf(aws, kind).ofSource(id)
    const stored = await Promise.all(snapshots.filter(mayBeOurs).map((one) => describeStored(aws, options, one)))
    return stored.filter(({ own }) => own).sort((a, b) => b.createdAt.localeCompare(a.createdAt))
  })
}

export function findBackup(options: Settled, id: string): Promise<StoredBackup | undefined> {
  return withAws(options, calm(), async (aws) => {
    const found = await findSnapshot(aws, options, id)
    return found && describeStored(aws, options, found)
  })
}

export function removeBackup(options: Settled, id: string): Promise<void> {
  return withAws(options, calm(), async (aws) => {
    const found = (await findSnapshot(aws, options, id)) ?? notFound(id, aws.region)
    if (!readTags(await tagsOf(aws, found)).own)
      throw new MigratorError(
        'BACKUP_NOT_FOUND',
        `The snapshot "${id}" was not made by this tool; it is left as it is.`,
      )
    await snapshotsOf(aws, found.kind).remove(found.id)
  })
}

export function openBackup(options: Settled, id: string): Promise<BackupHandle> {
  return withAws(options, calm(), async (aws) => {
    const found = (await findSnapshot(aws, options, id)) ?? notFound(id, aws.region)
    const askedAt = found.createdAt ?? options.clock.now()
    return handleOf(found, found.id, { provider: options.name, kind: found.kind, id: found.source }, aws, { askedAt })
  })
}

/** Looks among the snapshots of both kinds, first among those of the kind that the name promises. */
export async function findSnapshot(aws: Aws, { name }: Settled, id: string): Promise<DbSnapshot | undefined> {
  const kinds: readonly SourceKind[] = name === 'aurora' ? ['cluster', 'instance'] : ['instance', 'cluster']
  for (const kind of kinds) {
    const found = await snapshotsOf(aws, kind).find(id)
    if (found) return found
  }
  return undefined
}

export function notFound(id: string, region: string): never {
  throw new MigratorError('BACKUP_NOT_FOUND', `There is no snapshot "${id}" in region ${region}.`)
}

/** A source that is gone still has its manual snapshots, under its name. */
async function sourceOrName(aws: Aws, options: Settled): Promise<Exclude<Named, undefined>> {
  try {
    return await findSource(aws, options)
  } catch (error) {
    const named = nameOf(options, readEndpoint(options.host))
    if (named && isAwsError(error, 'DBInstanceNotFound', 'DBClusterNotFound')) return named
    throw error
  }
}

/** Where answers carry no tags, only what is named like ours is worth a call of its own. */
function mayBeOurs({ id, tags }: DbSnapshot): boolean {
  return tags === undefined ? looksLikeOurs(id) : readTags(tags).own
}

async function describeStored(aws: Aws, { name: provider }: Settled, one: DbSnapshot): Promise<StoredBackup> {
  const { own, runId, migrations } = readTags(await tagsOf(aws, one))
  return {
    id: one.id,
    provider,
    state: stateOf(one),
    createdAt: (one.createdAt ?? new Date(0)).toISOString(),
    sizeBytes: one.sizeBytes,
    percent: one.percent,
    own,
    runId,
    migrations,
    details: { region: aws.region, kind: one.kind, source: one.source, arn: one.arn },
  }
}

async function tagsOf(aws: Aws, { id, arn, tags }: DbSnapshot): Promise<readonly Tag[]> {
  if (tags !== undefined) return tags
  if (arn === undefined) return []
  const answer = await aws.ask('ListTagsForResource', `the tags of "${id}"`, (rds, o) =>
    rds.listTagsForResource({ ResourceName: arn }, o),
  )
  return answer.TagList ?? []
}

function stateOf(one: DbSnapshot): StoredBackup['state'] {
  const { kind } = snapshotState(one)
  return kind === 'ready' ? 'available' : kind === 'failed' ? 'failed' : 'creating'
}
