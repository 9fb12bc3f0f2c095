import type { DBCluster, DBInstance } from '@aws-sdk/client-rds'
import { MigratorError } from '../../errors.ts'
import type { Aws, Settled } from './aws.ts'
import { unknownSource } from './cname.ts'
import { describeCluster, describeInstance } from './describe.ts'
import { plainHost, type RdsEndpoint, readEndpoint } from './endpoint.ts'
import { sourceAt } from './same-place.ts'
import type { SourceKind } from './snapshots.ts'

/** What is backed up. */
export interface Source {
  readonly kind: SourceKind
  readonly id: string
  readonly status?: string | undefined
  readonly arn?: string | undefined
}

/** Where to look, as far as it is known without asking AWS. */
export type Named = { readonly kind: SourceKind; readonly id: string } | undefined

/**
 * Finds the instance or cluster behind the options, and makes sure that it is the one that the host leads to. A member of
 * a cluster stands for its cluster: AWS takes no snapshot of a member. Rejects with AWS_SOURCE_UNKNOWN.
 */
export async function findSource(aws: Aws, options: Settled): Promise<Source> {
  const endpoint = readEndpoint(options.host)
  const named = nameOf(options, endpoint)
  if (named?.kind === 'cluster') return clusterSource(aws, named.id, options.host, endpoint)
  if (named?.kind === 'instance') return instanceSource(aws, named.id, options.host, endpoint)
  if (endpoint.kind === 'elsewhere') return placeOrQuestion(aws, options)
  const behind = await behindEndpoint(aws, endpoint)
  return behind.kind === 'cluster'
    ? fromCluster(await describeCluster(aws, behind.id))
    : memberOrInstance(aws, behind.id)
}

/** The name that was given, or that the host says. */
export function nameOf({ instance, cluster }: Settled, endpoint: RdsEndpoint): Named {
  if (cluster !== undefined) return { kind: 'cluster', id: cluster }
  if (instance !== undefined) return { kind: 'instance', id: instance }
  if (endpoint.kind === 'instance') return { kind: 'instance', id: endpoint.id }
  if (endpoint.kind === 'writer' || endpoint.kind === 'reader') return { kind: 'cluster', id: endpoint.id }
  return undefined
}

async function instanceSource(aws: Aws, id: string, host: string, endpoint: RdsEndpoint): Promise<Source> {
  const instance = await describeInstance(aws, id)
  const cluster = instance.DBClusterIdentifier
  if (cluster !== undefined && cluster !== '') return clusterSource(aws, cluster, host, endpoint)
  confirm(`DB instance "${id}"`, host, endpoint, [instance.Endpoint?.Address])
  return fromInstance(instance)
}

async function clusterSource(aws: Aws, id: string, host: string, endpoint: RdsEndpoint): Promise<Source> {
  const cluster = await describeCluster(aws, id)
  const member = cluster.DBClusterMembers?.some(
    ({ DBInstanceIdentifier }) => endpoint.kind === 'instance' && DBInstanceIdentifier === endpoint.id,
  )
  const addresses = [cluster.Endpoint, cluster.ReaderEndpoint, ...(cluster.CustomEndpoints ?? [])]
  if (!member) confirm(`DB cluster "${id}"`, host, endpoint, addresses)
  return fromCluster(cluster)
}

async function memberOrInstance(aws: Aws, id: string): Promise<Source> {
  const instance = await describeInstance(aws, id)
  const cluster = instance.DBClusterIdentifier
  return cluster === undefined || cluster === ''
    ? fromInstance(instance)
    : fromCluster(await describeCluster(aws, cluster))
}

/**
 * A host of RDS must be an address of what is backed up. Behind a proxy, or an alias, that is unknown; an answer without
 * addresses says nothing.
 */
function confirm(what: string, host: string, endpoint: RdsEndpoint, addresses: readonly (string | undefined)[]): void {
  if (endpoint.kind === 'elsewhere' || endpoint.kind === 'proxy' || endpoint.kind === 'proxy-endpoint') return
  const known = addresses.flatMap((address) => (address === undefined || address === '' ? [] : [plainHost(address)]))
  if (known.length === 0 || known.includes(plainHost(host))) return
  throw new MigratorError(
    'AWS_SOURCE_UNKNOWN',
    `${what} is not where DATABASE_URL points: its endpoint is ${known[0]}, the host is ${host}.`,
    {
      hint: 'Check --db-instance, --db-cluster, the region and the AWS account; nothing was backed up.',
      details: { host, endpoints: known },
    },
  )
}

/** A custom endpoint or a proxy does not carry the name of what is behind it. */
async function behindEndpoint(
  aws: Aws,
  endpoint: RdsEndpoint & { readonly id: string },
): Promise<Exclude<Named, undefined>> {
  if (endpoint.kind === 'custom') return behindCustom(aws, endpoint.id)
  return behindProxy(aws, endpoint.kind === 'proxy' ? endpoint.id : await proxyOf(aws, endpoint.id))
}

async function behindCustom(aws: Aws, id: string): Promise<Exclude<Named, undefined>> {
  const answer = await aws.ask('DescribeDBClusterEndpoints', `custom endpoint "${id}"`, (rds, o) =>
    rds.describeDBClusterEndpoints({ DBClusterEndpointIdentifier: id }, o),
  )
  const found = answer.DBClusterEndpoints?.find((one) => one.DBClusterEndpointIdentifier === id)
  if (found?.DBClusterIdentifier) return { kind: 'cluster', id: found.DBClusterIdentifier }
  throw nothingBehind(`custom endpoint "${id}"`, aws.region)
}

async function behindProxy(aws: Aws, proxy: string): Promise<Exclude<Named, undefined>> {
  const answer = await aws.ask('DescribeDBProxyTargets', `DB proxy "${proxy}"`, (rds, o) =>
    rds.describeDBProxyTargets({ DBProxyName: proxy }, o),
  )
  const targets = answer.Targets ?? []
  const tracked = targets.find(({ Type }) => Type === 'TRACKED_CLUSTER')?.RdsResourceId
  const cluster = tracked ?? targets.find(({ TrackedClusterId }) => TrackedClusterId)?.TrackedClusterId
  if (cluster) return { kind: 'cluster', id: cluster }
  const instance = targets.find(({ Type }) => Type !== 'RDS_SERVERLESS_ENDPOINT')?.RdsResourceId
  if (instance) return { kind: 'instance', id: instance }
  throw nothingBehind(`DB proxy "${proxy}"`, aws.region)
}

async function proxyOf(aws: Aws, endpoint: string): Promise<string> {
  const answer = await aws.ask('DescribeDBProxyEndpoints', `DB proxy endpoint "${endpoint}"`, (rds, o) =>
    rds.describeDBProxyEndpoints({ DBProxyEndpointName: endpoint }, o),
  )
  const proxy = answer.DBProxyEndpoints?.[0]?.DBProxyName
  if (proxy) return proxy
  throw nothingBehind(`DB proxy endpoint "${endpoint}"`, aws.region)
}

function nothingBehind(what: string, region: string): MigratorError {
  return new MigratorError('AWS_SOURCE_UNKNOWN', `The ${what} in region ${region} has no target.`)
}

async function placeOrQuestion(aws: Aws, options: Settled): Promise<Source> {
  const found = await sourceAt(aws, options)
  if (found?.kind === 'cluster') return fromCluster(found.cluster)
  if (found?.kind === 'instance') return fromInstance(found.instance)
  throw await unknownSource(options.host, options.resolveCname)
}

function fromInstance(one: DBInstance): Source {
  return { kind: 'instance', id: one.DBInstanceIdentifier ?? '', status: one.DBInstanceStatus, arn: one.DBInstanceArn }
}

function fromCluster(one: DBCluster): Source {
  return { kind: 'cluster', id: one.DBClusterIdentifier ?? '', status: one.Status, arn: one.DBClusterArn }
}
