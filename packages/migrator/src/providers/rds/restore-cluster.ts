import type { DBCluster, DBInstance } from '@aws-sdk/client-rds'
import type { RestoredPlace } from '../../ports/backup.ts'
import { describeCluster, describeInstance, unlessUnknown } from './describe.ts'
import { sameMajor } from './engine.ts'
import { placeOf } from './handover.ts'
import { leftBehind } from './left-behind.ts'
import { makeOnce } from './make-once.ts'
import { firstInstanceName } from './names.ts'
import { newPlaceState, untilUsable } from './restored.ts'
import type { Restoring } from './restoring.ts'
import { clusterSettings, isMultiAzCluster, memberSettings } from './settings.ts'
import { tagsForRestored } from './tags.ts'

/** When nothing is left to copy a class from: the smallest that every version of Aurora PostgreSQL in use has. */
const FALLBACK_CLASS = 'db.r6g.large'

interface Origin {
  readonly cluster: DBCluster | undefined
  readonly writer: DBInstance | undefined
}

/**
 * Makes a new cluster of a DB cluster snapshot, and one instance in it: a restored Aurora cluster has none, and without one
 * nobody can connect. Readers are not copied; the next steps say so.
 */
export async function restoreCluster(restoring: Restoring): Promise<RestoredPlace> {
  const { aws, snapshot, target, watch } = restoring
  const origin = await originOf(restoring)
  if (origin.cluster === undefined) watch.progress({ message: goneNote(restoring), elapsedMs: 0 })
  await makeOnce(restoring, {
    what: `DB cluster ${target}`,
    send: () => sendRestore(restoring, origin),
    find: () => unlessUnknown(describeCluster(aws, target)),
  })
  return leftBehind(clusterLeft(restoring), async () => {
    await untilUsable(restoring, `DB cluster ${target}`, () => lookAtCluster(restoring))
    if (origin.cluster === undefined || !isMultiAzCluster(origin.cluster)) await addInstance(restoring, origin)
    const made = await describeCluster(aws, target)
    return placeOf(restoring, { kind: 'cluster', address: made.Endpoint, port: made.Port }, [
      ...(origin.cluster === undefined ? [goneNote(restoring)] : []),
      ...(sameMajor(origin.cluster?.EngineVersion, snapshot.engineVersion) ? [] : [upgradedNote(restoring)]),
      ...((origin.cluster?.DBClusterMembers?.length ?? 0) > 1
        ? [`Add readers: the source ${snapshot.source} has some, the new cluster has its writer only.`]
        : []),
    ])
  })
}

async function originOf({ aws, snapshot }: Restoring): Promise<Origin> {
  const cluster = await unlessUnknown(describeCluster(aws, snapshot.source))
  const members = cluster?.DBClusterMembers ?? []
  const writer = (members.find(({ IsClusterWriter }) => IsClusterWriter) ?? members[0])?.DBInstanceIdentifier
  return { cluster, writer: writer === undefined ? undefined : await unlessUnknown(describeInstance(aws, writer)) }
}

function sendRestore({ aws, snapshot, target, options }: Restoring, { cluster }: Origin): Promise<unknown> {
  const Tags = [...tagsForRestored(cluster?.TagList ?? [], snapshot.id, options.toolVersion)]
  const Engine = engineOf(snapshot.engine, cluster)
  const settings = cluster ? clusterSettings(cluster, snapshot) : {}
  const input = { ...settings, DBClusterIdentifier: target, SnapshotIdentifier: snapshot.id, Engine, Tags }
  return aws.askOnce('RestoreDBClusterFromSnapshot', `DB cluster "${target}"`, (rds, o) =>
    rds.restoreDBClusterFromSnapshot(input, o),
  )
}

async function addInstance(restoring: Restoring, origin: Origin): Promise<void> {
  const { aws, target } = restoring
  const name = firstInstanceName(target)
  await makeOnce(restoring, {
    what: `DB instance ${name}`,
    send: () => sendInstance(restoring, name, origin),
    find: () => unlessUnknown(describeInstance(aws, name)),
  })
  await leftBehind(memberLeft(restoring, name), () =>
    untilUsable(restoring, `DB instance ${name}`, () => lookAtInstance(restoring, name)),
  )
}

function sendInstance({ aws, snapshot, target, options }: Restoring, name: string, origin: Origin): Promise<unknown> {
  const { cluster, writer } = origin
  const family = sameMajor(cluster?.EngineVersion, snapshot.engineVersion) ? 'same-family' : 'other-family'
  const input = {
    ...(writer ? memberSettings(writer, family) : {}),
    DBInstanceIdentifier: name,
    DBClusterIdentifier: target,
    DBInstanceClass: writer?.DBInstanceClass ?? FALLBACK_CLASS,
    Engine: engineOf(snapshot.engine, cluster),
    Tags: [...tagsForRestored(writer?.TagList ?? [], snapshot.id, options.toolVersion)],
  }
  return aws.askOnce('CreateDBInstance', `DB instance "${name}"`, (rds, o) => rds.createDBInstance(input, o))
}

function engineOf(ofSnapshot: string | undefined, cluster: DBCluster | undefined): string {
  return ofSnapshot ?? cluster?.Engine ?? 'aurora-postgresql'
}

async function lookAtCluster({ aws, target }: Restoring) {
  const cluster = await unlessUnknown(describeCluster(aws, target))
  if (cluster === undefined) return { kind: 'absent' } as const
  return newPlaceState(cluster.Status, cluster, cluster.PercentProgress)
}

async function lookAtInstance({ aws }: Restoring, name: string) {
  const instance = await unlessUnknown(describeInstance(aws, name))
  if (instance === undefined) return { kind: 'absent' } as const
  return newPlaceState(instance.DBInstanceStatus, instance, instance.PercentProgress)
}

function clusterLeft({ aws, target }: Restoring) {
  const at = `--db-cluster-identifier ${target} --region ${aws.region}`
  return {
    signal: aws.signal,
    made: [`DB cluster ${target}`],
    text: `The DB cluster "${target}" is left behind.`,
    look: `aws rds describe-db-clusters ${at} shows it; aws rds delete-db-cluster --skip-final-snapshot ${at} removes it.`,
  }
}

function memberLeft({ aws }: Restoring, name: string) {
  return {
    signal: aws.signal,
    made: [`DB instance ${name}`],
    text: `Its DB instance "${name}" was started.`,
    look: `To remove everything, start with aws rds delete-db-instance --db-instance-identifier ${name} --region ${aws.region}.`,
  }
}

function goneNote({ snapshot }: Restoring): string {
  return `The source ${snapshot.source} is gone: the new cluster has AWS's default security group and parameter group, and an instance of class ${FALLBACK_CLASS}. Set them before it is used.`
}

function upgradedNote({ snapshot }: Restoring): string {
  return `The source now has a different major version from the snapshot (${snapshot.engineVersion}): the parameter groups are the defaults.`
}
