import { MigratorError } from '../../errors.ts'
import type { BackupHandle, BackupScope, BackupWatch } from '../../ports/backup.ts'
import { type Aws, type Settled, withAws } from './aws.ts'
import { type Begun, createOnce } from './create.ts'
import { isAwsError } from './failure-kind.ts'
import { handleOf } from './handle.ts'
import { findSource, type Source } from './identity.ts'
import { leftBehind } from './left-behind.ts'
import { type Limits, limitsOf } from './limits.ts'
import { checkSource, statusOf } from './preflight.ts'
import { snapshotState } from './snapshot-state.ts'
import { type DbSnapshot, type Snapshots, snapshotsOf } from './snapshots.ts'
import { sourceState } from './source-state.ts'
import { tagsFor } from './tags.ts'
import { waitFor } from './wait.ts'

/**
 * Takes a snapshot of the source and waits for it. It is on record, by `watch.began`, before anything waits. Until AWS has
 * accepted it nothing is left behind; afterwards every error names it in `details.backup`.
 */
export async function createBackup(options: Settled, scope: BackupScope, watch: BackupWatch): Promise<BackupHandle> {
  return leftBehind({ signal: watch.signal }, () =>
    withAws(options, watch.signal, async (aws) => {
      const limits = limitsOf(options)
      const source = await findSource(aws, options)
      await checkSource(aws, source, watch, limits)
      const snapshots = snapshotsOf(aws, source.kind)
      const { id, snapshot } = await begin({ aws, snapshots, source, options, scope, watch, limits })
      const details = detailsOf(aws, source, snapshot)
      return leftBehind(snapshotLeft(aws, snapshots, id), async () => {
        await watch.began({ id, details })
        const finished =
          options.wait === 'begun' ? unwaited(snapshot, id, watch) : await finish(aws, snapshots, id, watch, limits)
        return handleOf(finished, id, { provider: options.name, kind: source.kind, id: source.id }, aws, scope)
      })
    }),
  )
}

/** How often somebody else may be quicker in having the source backed up. */
const TURNS = 5

/**
 * Between the look at the source and the request somebody else's backup may have begun, during which AWS refuses another
 * one: then it is waited for as if the look had seen it.
 */
async function begin({ aws, snapshots, source, options, scope, watch, limits }: Beginning): Promise<Begun> {
  const wanted = { scope, source: source.id, tags: tagsFor(scope, source.id, options.toolVersion) }
  for (let turn = 1; ; turn += 1) {
    try {
      return await createOnce(aws, snapshots, wanted)
    } catch (error) {
      if (turn === TURNS || !isAwsError(error, 'InvalidDBInstanceState', 'InvalidDBClusterState')) throw error
      const now = { ...source, status: await statusOf(aws, source) }
      if (sourceState(now) === 'unavailable') throw error
      await checkSource(aws, now, watch, limits)
    }
  }
}

interface Beginning {
  readonly aws: Aws
  readonly snapshots: Snapshots
  readonly source: Source
  readonly options: Settled
  readonly scope: BackupScope
  readonly watch: BackupWatch
  readonly limits: Limits
}

function detailsOf(
  { region }: Aws,
  source: Source,
  snapshot: DbSnapshot | undefined,
): Readonly<Record<string, unknown>> {
  return { region, kind: source.kind, source: source.id, arn: snapshot?.arn }
}

function unwaited(snapshot: DbSnapshot | undefined, id: string, watch: BackupWatch): DbSnapshot | undefined {
  const message = `${id} was started, but not waited for: it may already contain the first changes of this run, and it may still fail`
  watch.progress({ message, percent: snapshot?.percent, elapsedMs: 0 })
  return snapshot
}

async function finish(
  aws: Aws,
  snapshots: Snapshots,
  id: string,
  watch: BackupWatch,
  limits: Limits,
): Promise<DbSnapshot> {
  const subject = `${snapshots.noun} ${id}`
  const waited = await waitFor({
    ...limits,
    subject,
    clock: aws.clock,
    signal: aws.signal,
    progress: watch.progress,
    look: async () => snapshotState(await snapshots.find(id)),
  })
  switch (waited.kind) {
    case 'ready':
      watch.progress({ message: `${subject}: available`, percent: 100, elapsedMs: waited.elapsedMs })
      return waited.value
    case 'failed':
      throw new MigratorError(
        'BACKUP_FAILED',
        `AWS could not finish the ${subject}: its status is "${waited.status}".`,
        {
          hint: 'Nothing was changed. See the events of the source in the RDS console, then run the command again.',
        },
      )
    case 'gone':
      throw new MigratorError(
        'BACKUP_FAILED',
        `The ${subject} is gone: somebody removed it while it was being created.`,
      )
    case 'too-late':
      throw new MigratorError(
        'BACKUP_TIMEOUT',
        `The ${subject} is still "${waited.status}" after ${seconds(waited.elapsedMs)}.`,
      )
  }
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}

function snapshotLeft({ signal, region }: Aws, snapshots: Snapshots, id: string) {
  const option = snapshots.kind === 'instance' ? 'db-snapshot' : 'db-cluster-snapshot'
  return {
    signal,
    backup: id,
    text: `The ${snapshots.noun} "${id}" is left behind; AWS finishes it on its own.`,
    look: `db:snapshot list shows it; aws rds delete-${option} --${option}-identifier ${id} --region ${region} removes it.`,
  }
}
