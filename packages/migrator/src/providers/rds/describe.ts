import type { DBCluster, DBInstance } from '@aws-sdk/client-rds'
import type { Aws } from './aws.ts'
import { awsFailure } from './errors.ts'
import { isAwsError } from './failure-kind.ts'

/** One instance. Rejects with AWS_SOURCE_UNKNOWN when there is none of that name. */
export async function describeInstance(aws: Aws, id: string): Promise<DBInstance> {
  const subject = `DB instance "${id}"`
  const answer = await aws.ask('DescribeDBInstances', subject, (rds, o) =>
    rds.describeDBInstances({ DBInstanceIdentifier: id }, o),
  )
  return answer.DBInstances?.[0] ?? missing(aws, 'DescribeDBInstances', subject, 'DBInstanceNotFound')
}

/** One cluster. Rejects with AWS_SOURCE_UNKNOWN when there is none of that name. */
export async function describeCluster(aws: Aws, id: string): Promise<DBCluster> {
  const subject = `DB cluster "${id}"`
  const answer = await aws.ask('DescribeDBClusters', subject, (rds, o) =>
    rds.describeDBClusters({ DBClusterIdentifier: id }, o),
  )
  return answer.DBClusters?.[0] ?? missing(aws, 'DescribeDBClusters', subject, 'DBClusterNotFound')
}

/** Undefined when there is no such instance or cluster. */
export async function unlessUnknown<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look
  } catch (error) {
    if (isAwsError(error, 'DBInstanceNotFound', 'DBClusterNotFound')) return undefined
    throw error
  }
}

/** Some implementations answer an empty list where AWS answers NotFound. */
function missing(aws: Aws, action: string, subject: string, name: string): never {
  const cause = Object.assign(new Error(`${action} returned an empty list.`), { name })
  throw awsFailure(cause, { action, subject, region: aws.region })
}
