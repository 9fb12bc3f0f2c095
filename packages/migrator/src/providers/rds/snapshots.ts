import type { DBClusterSnapshot, DBSnapshot } from '@aws-sdk/client-rds'
import type { Aws } from './aws.ts'
import { awsFailure } from './errors.ts'
import { isAwsError } from './failure-kind.ts'
import { pages } from './pages.ts'
import type { Tag } from './tags.ts'

export type SourceKind = 'instance' | 'cluster'

/** A snapshot of either kind, as far as anything here needs it. */
export interface DbSnapshot {
  readonly kind: SourceKind
  readonly id: string
  /** The instance or cluster it was taken of. */
  readonly source: string
  readonly status: string
  readonly arn?: string | undefined
  readonly percent?: number | undefined
  readonly createdAt?: Date | undefined
  readonly sizeBytes?: number | undefined
  readonly engine?: string | undefined
  readonly engineVersion?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  /** Undefined where the answer has no tags at all: other implementations leave them out. */
  readonly tags?: readonly Tag[] | undefined
}

/** What can be done with snapshots of one kind. */
export interface Snapshots {
  readonly kind: SourceKind
  /** As the API names them, for messages: `DB snapshot`. */
  readonly noun: string
  /** Sent once; `before.ts` knows when it may be sent again. */
  create(id: string, source: string, tags: readonly { Key: string; Value: string }[]): Promise<DbSnapshot>
  find(id: string): Promise<DbSnapshot | undefined>
  ofSource(source: string): Promise<readonly DbSnapshot[]>
  remove(id: string): Promise<void>
}

export function snapshotsOf(aws: Aws, kind: SourceKind): Snapshots {
  return kind === 'instance' ? instanceSnapshots(aws) : clusterSnapshots(aws)
}

function instanceSnapshots(aws: Aws): Snapshots {
  const noun = 'DB snapshot'
  return {
    kind: 'instance',
    noun,
    async create(id, source, tags) {
      const input = { DBSnapshotIdentifier: id, DBInstanceIdentifier: source, Tags: [...tags] }
      const subject = `DB instance "${source}"`
      const answer = await aws.askOnce('CreateDBSnapshot', subject, (rds, o) => rds.createDBSnapshot(input, o))
      return fromInstance(answer.DBSnapshot ?? noAnswer('CreateDBSnapshot', subject, aws.region))
    },
    find: (id) =>
      unlessMissing('DBSnapshotNotFound', async () => {
        const answer = await aws.ask('DescribeDBSnapshots', `${noun} "${id}"`, (rds, o) =>
          rds.describeDBSnapshots({ DBSnapshotIdentifier: id }, o),
        )
        return (answer.DBSnapshots ?? []).map(fromInstance).find((one) => sameId(one.id, id))
      }),
    ofSource: async (source) => {
      const subject = `the snapshots of "${source}"`
      const found = await pages(async (Marker) => {
        const input = { DBInstanceIdentifier: source, SnapshotType: 'manual', Marker }
        const answer = await aws.ask('DescribeDBSnapshots', subject, (rds, o) => rds.describeDBSnapshots(input, o))
        return { items: answer.DBSnapshots, marker: answer.Marker }
      })
      return found.map(fromInstance)
    },
    async remove(id) {
      await aws.ask('DeleteDBSnapshot', `${noun} "${id}"`, (rds, o) =>
        rds.deleteDBSnapshot({ DBSnapshotIdentifier: id }, o),
      )
    },
  }
}

function clusterSnapshots(aws: Aws): Snapshots {
  const noun = 'DB cluster snapshot'
  return {
    kind: 'cluster',
    noun,
    async create(id, source, tags) {
      const input = { DBClusterSnapshotIdentifier: id, DBClusterIdentifier: source, Tags: [...tags] }
      const subject = `DB cluster "${source}"`
      const answer = await aws.askOnce('CreateDBClusterSnapshot', subject, (rds, o) =>
        rds.createDBClusterSnapshot(input, o),
      )
      return fromCluster(answer.DBClusterSnapshot ?? noAnswer('CreateDBClusterSnapshot', subject, aws.region))
    },
    find: (id) =>
      unlessMissing('DBClusterSnapshotNotFound', async () => {
        const answer = await aws.ask('DescribeDBClusterSnapshots', `${noun} "${id}"`, (rds, o) =>
          rds.describeDBClusterSnapshots({ DBClusterSnapshotIdentifier: id }, o),
        )
        return (answer.DBClusterSnapshots ?? []).map(fromCluster).find((one) => sameId(one.id, id))
      }),
    ofSource: async (source) => {
      const subject = `the snapshots of "${source}"`
      const found = await pages(async (Marker) => {
        const input = { DBClusterIdentifier: source, SnapshotType: 'manual', Marker }
        const answer = await aws.ask('DescribeDBClusterSnapshots', subject, (rds, o) =>
          rds.describeDBClusterSnapshots(input, o),
        )
        return { items: answer.DBClusterSnapshots, marker: answer.Marker }
      })
      return found.map(fromCluster)
    },
    async remove(id) {
      await aws.ask('DeleteDBClusterSnapshot', `${noun} "${id}"`, (rds, o) =>
        rds.deleteDBClusterSnapshot({ DBClusterSnapshotIdentifier: id }, o),
      )
    },
  }
}

function fromInstance(one: DBSnapshot): DbSnapshot {
  return {
    kind: 'instance',
    id: one.DBSnapshotIdentifier ?? '',
    source: one.DBInstanceIdentifier ?? '',
    status: one.Status ?? '',
    arn: one.DBSnapshotArn,
    percent: one.PercentProgress,
    createdAt: one.SnapshotCreateTime,
    sizeBytes: one.FullSnapshotSizeInBytes,
    engine: one.Engine,
    engineVersion: one.EngineVersion,
    port: one.Port,
    user: one.MasterUsername,
    tags: one.TagList,
  }
}

function fromCluster(one: DBClusterSnapshot): DbSnapshot {
  return {
    kind: 'cluster',
    id: one.DBClusterSnapshotIdentifier ?? '',
    source: one.DBClusterIdentifier ?? '',
    status: one.Status ?? '',
    arn: one.DBClusterSnapshotArn,
    percent: one.PercentProgress,
    createdAt: one.SnapshotCreateTime,
    engine: one.Engine,
    engineVersion: one.EngineVersion,
    port: one.Port,
    user: one.MasterUsername,
    tags: one.TagList,
  }
}

/** AWS keeps identifiers in lower case. */
function sameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** A proxy's login page, say: HTTP 200 without anything of RDS in it. Whether the call took effect is not known. */
function noAnswer(action: string, subject: string, region: string): never {
  const cause = Object.assign(new Error('The response is not from RDS.'), { $metadata: { httpStatusCode: 200 } })
  throw awsFailure(cause, { action, subject, region })
}

async function unlessMissing<T>(name: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (isAwsError(error, name)) return undefined
    throw error
  }
}
