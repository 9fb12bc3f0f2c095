import type { BackupScope } from '../../ports/backup.ts'
import type { Aws } from './aws.ts'
import { pause, pauseFor } from './call.ts'
import { failureKind, isAwsError, isTransient } from './failure-kind.ts'
import { maybeMade, stopped } from './left-behind.ts'
import { backupName } from './names.ts'
import type { DbSnapshot, Snapshots } from './snapshots.ts'
import { readTags } from './tags.ts'

export interface Wanted {
  readonly scope: BackupScope
  readonly source: string
  readonly tags: readonly { Key: string; Value: string }[]
}

export interface Begun {
  readonly id: string
  readonly snapshot: DbSnapshot
}

/** How often creating is tried in all, names that are taken apart. */
const TRIES = 8

/**
 * Asks AWS for one snapshot, and for one only. Where a reply was lost, it is looked whether the snapshot is there, with
 * this run's tag, before it is asked for again under the same name. A name that is somebody else's gets `-2`, `-3` ….
 */
export async function createOnce(aws: Aws, snapshots: Snapshots, wanted: Wanted): Promise<Begun> {
  let name = 1
  let outcome: 'unsure' | 'none' = 'none'
  for (let tries = 1; ; ) {
    aws.signal.throwIfAborted()
    const id = backupName(wanted.scope.operation, wanted.scope.askedAt, name)
    try {
      return { id, snapshot: await snapshots.create(id, wanted.source, wanted.tags) }
    } catch (error) {
      if (failureKind(error) === 'cut') outcome = 'unsure'
      if (aws.signal.aborted) throw giveUp(stopped(aws.signal.reason), outcome, id)
      const made = outcome === 'unsure' ? await findOwn(snapshots, id, wanted.scope.runId) : undefined
      if (made) return { id, snapshot: made }
      if (isNameTaken(error)) {
        name += 1
        outcome = 'none'
        continue
      }
      if (!isTransient(error) || tries >= TRIES) throw giveUp(error, outcome, id)
    }
    await pause(aws.clock, pauseFor(tries, aws.retryPauseMs), aws.signal)
    tries += 1
  }
}

/** The snapshot that a call of ours made although its answer never arrived. */
async function findOwn(snapshots: Snapshots, id: string, runId: string): Promise<DbSnapshot | undefined> {
  const found = await snapshots.find(id)
  // Without tags in the answer the name alone has to do: it was free, or the first call would have been refused.
  if (found?.tags === undefined) return found
  return readTags(found.tags).runId === runId ? found : undefined
}

function isNameTaken(error: unknown): boolean {
  return isAwsError(error, 'DBSnapshotAlreadyExists', 'DBClusterSnapshotAlreadyExists')
}

function giveUp(error: unknown, outcome: 'unsure' | 'none', id: string): unknown {
  return outcome === 'unsure' ? maybeMade(error, `A snapshot "${id}"`, { backup: id }) : error
}
