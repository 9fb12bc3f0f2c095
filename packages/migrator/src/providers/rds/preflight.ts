import { MigratorError } from '../../errors.ts'
import type { BackupWatch } from '../../ports/backup.ts'
import type { Aws } from './aws.ts'
import { describeCluster, describeInstance } from './describe.ts'
import { isAwsError } from './failure-kind.ts'
import type { Source } from './identity.ts'
import type { Limits } from './limits.ts'
import { hintFor, nounOf, sourceState } from './source-state.ts'
import { waitFor } from './wait.ts'

/** With fewer left than this it is said before it hurts. */
const FEW = 5

/**
 * Checks whether AWS would take a snapshot, before asking it for one: the source's state, the quota, a blue/green
 * deployment. Waits while the source is being backed up by somebody else. What the credentials may not see, or the
 * endpoint does not know, is said and stops nothing. Rejects with AWS_SOURCE_UNAVAILABLE, AWS_QUOTA_EXCEEDED, BACKUP_TIMEOUT.
 */
export async function checkSource(aws: Aws, source: Source, watch: BackupWatch, limits: Limits): Promise<void> {
  await reachReady(aws, source, watch, limits)
  await Promise.all([checkQuota(aws, source, watch), checkBlueGreen(aws, source, watch)])
}

async function reachReady(aws: Aws, source: Source, watch: BackupWatch, limits: Limits): Promise<void> {
  if (sourceState(source) === 'ready') return
  if (sourceState(source) === 'unavailable') throw unavailable(source)
  const waited = await waitFor({
    ...limits,
    subject: nounOf(source),
    clock: aws.clock,
    signal: aws.signal,
    progress: watch.progress,
    look: async () => {
      const now = { ...source, status: await statusOf(aws, source) }
      const state = sourceState(now)
      if (state === 'ready') return { kind: 'ready', value: now }
      return { kind: state === 'soon' ? 'going-on' : 'failed', status: now.status ?? '' }
    },
  })
  if (waited.kind === 'failed') throw unavailable({ ...source, status: waited.status })
  if (waited.kind !== 'ready')
    throw new MigratorError('BACKUP_TIMEOUT', `${nounOf(source)} was still being backed up when the time ran out.`, {
      hint: 'Nothing was changed. Run the command again when the other backup is finished, or wait longer with --snapshot-timeout.',
    })
}

/** What the state of a source is now. */
export async function statusOf(aws: Aws, { kind, id }: Source): Promise<string | undefined> {
  return kind === 'instance'
    ? (await describeInstance(aws, id)).DBInstanceStatus
    : (await describeCluster(aws, id)).Status
}

function unavailable(source: Source): MigratorError {
  return new MigratorError(
    'AWS_SOURCE_UNAVAILABLE',
    `${nounOf(source)} is "${source.status}"; AWS takes a snapshot only of what is "available".`,
    {
      hint: hintFor(source),
      details: { source: source.id, kind: source.kind, status: source.status },
    },
  )
}

async function checkQuota(aws: Aws, { kind }: Source, watch: BackupWatch): Promise<void> {
  const answer = await orTell(aws, watch, 'The snapshot quota could not be checked', () =>
    aws.ask('DescribeAccountAttributes', 'the quotas', (rds, o) => rds.describeAccountAttributes({}, o)),
  )
  const name = kind === 'instance' ? 'ManualSnapshots' : 'ManualClusterSnapshots'
  const quota = answer?.AccountQuotas?.find(({ AccountQuotaName }) => AccountQuotaName === name)
  if (quota?.Used === undefined || quota.Max === undefined) return
  const left = quota.Max - quota.Used
  const text = `${quota.Used} of ${quota.Max} manual snapshots of the account are used in ${aws.region}`
  if (left <= 0)
    throw new MigratorError('AWS_QUOTA_EXCEEDED', `No snapshot can be taken: ${text}.`, {
      details: { quota: name, used: quota.Used, max: quota.Max, region: aws.region },
    })
  if (left <= FEW) watch.progress({ message: `${text}; db:snapshot prune removes old ones`, elapsedMs: 0 })
}

async function checkBlueGreen(aws: Aws, { arn, kind, id }: Source, watch: BackupWatch): Promise<void> {
  if (arn === undefined) return
  const answer = await orTell(aws, watch, 'Blue/green deployments could not be checked', () =>
    aws.ask('DescribeBlueGreenDeployments', 'blue/green deployments', (rds, o) =>
      rds.describeBlueGreenDeployments({ Filters: [{ Name: 'source', Values: [arn] }] }, o),
    ),
  )
  const active = answer?.BlueGreenDeployments?.find(
    ({ Source, Status }) => Source === arn && Status !== 'SWITCHOVER_COMPLETED' && Status !== 'DELETING',
  )
  if (active === undefined) return
  const deployment = `the blue/green deployment "${active.BlueGreenDeploymentName}" of ${nounOf({ kind, id })} (${active.Status})`
  if (active.Status === 'SWITCHOVER_IN_PROGRESS')
    throw new MigratorError('AWS_SOURCE_UNAVAILABLE', `${deployment} is switching over.`, {
      hint: 'Wait for the switchover, then run the command again against the database that is then live.',
      details: { deployment: active.BlueGreenDeploymentIdentifier },
    })
  const message = `Note ${deployment}: a schema change on blue can stop its replication and block the switchover`
  watch.progress({ message, elapsedMs: 0 })
}

/** These looks are a courtesy: no reason why they fail may stop a backup. Aborting still does. */
async function orTell<T>(aws: Aws, watch: BackupWatch, text: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    aws.signal.throwIfAborted()
    const why =
      isAwsError(error, 'AccessDenied') || error instanceof MigratorError ? (error as Error).message : String(error)
    watch.progress({ message: `${text}: ${why}`, elapsedMs: 0 })
    return undefined
  }
}
