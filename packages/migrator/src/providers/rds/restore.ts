import { MigratorError } from '../../errors.ts'
import type { BackupWatch, RestoredPlace } from '../../ports/backup.ts'
import { type Aws, type Settled, withAws } from './aws.ts'
import { describeCluster, describeInstance, unlessUnknown } from './describe.ts'
import { leftBehind } from './left-behind.ts'
import { limitsOf } from './limits.ts'
import { findSnapshot, notFound } from './list.ts'
import { nameProblem, restoredName } from './names.ts'
import { restoreCluster } from './restore-cluster.ts'
import { restoreInstance } from './restore-instance.ts'
import { snapshotState } from './snapshot-state.ts'
import { type DbSnapshot, snapshotsOf } from './snapshots.ts'
import { waitFor } from './wait.ts'

/**
 * Restores a snapshot to a new instance, or a new cluster with an instance, and waits until it is available. The source
 * gives the settings and is not touched. Without a name it is `SOURCE-restored-YYYYMMDD-HHMMSS`. After a failure
 * `details.made` names what AWS has made by then.
 */
export async function restoreToNewPlace(
  options: Settled,
  id: string,
  to: string | undefined,
  watch: BackupWatch,
): Promise<RestoredPlace> {
  return leftBehind({ signal: watch.signal }, () =>
    withAws(options, watch.signal, async (aws) => {
      if (to !== undefined) checkName(to)
      const found = (await findSnapshot(aws, options, id)) ?? notFound(id, aws.region)
      const target = to?.toLowerCase() ?? restoredName(found.source, options.clock.now())
      await refuseTaken(aws, target)
      const snapshot = await untilAvailable(aws, options, found, watch)
      const restoring = { aws, options, snapshot, target, watch }
      return snapshot.kind === 'instance' ? restoreInstance(restoring) : restoreCluster(restoring)
    }),
  )
}

function checkName(name: string): void {
  const problem = nameProblem(name.toLowerCase())
  if (problem !== undefined)
    throw new MigratorError('USAGE_INVALID', `"${name}" is not a valid name for an instance or cluster: ${problem}.`)
}

/** Before anything is made. AWS would refuse as well, but for a cluster's instance only when the cluster stands already. */
async function refuseTaken(aws: Aws, target: string): Promise<void> {
  const instance = await unlessUnknown(describeInstance(aws, target))
  const cluster = instance ? undefined : await unlessUnknown(describeCluster(aws, target))
  if (!instance && !cluster) return
  const what = instance ? 'DB instance' : 'DB cluster'
  throw new MigratorError(
    'RESTORE_TARGET_EXISTS',
    `There is already a ${what} "${target}" in ${aws.region}; nothing was restored.`,
  )
}

async function untilAvailable(aws: Aws, options: Settled, found: DbSnapshot, watch: BackupWatch): Promise<DbSnapshot> {
  const snapshots = snapshotsOf(aws, found.kind)
  const subject = `${snapshots.noun} ${found.id}`
  const waited = await waitFor({
    ...limitsOf(options),
    subject,
    clock: aws.clock,
    signal: aws.signal,
    progress: watch.progress,
    look: async () => snapshotState(await snapshots.find(found.id)),
  })
  if (waited.kind === 'ready') return waited.value
  const why = waited.kind === 'gone' ? 'it was removed' : `its status is "${waited.status}"`
  throw new MigratorError('RESTORE_FAILED', `The ${subject} can't be restored: ${why}.`, {
    hint: 'Nothing was created. db:snapshot list shows which backups are available.',
  })
}
