import type { DBCluster, DBInstance } from '@aws-sdk/client-rds'
import type { Aws, Settled } from './aws.ts'
import { describeCluster } from './describe.ts'
import { plainHost } from './endpoint.ts'
import { pages } from './pages.ts'

export type Placed =
  | { readonly kind: 'instance'; readonly instance: DBInstance }
  | { readonly kind: 'cluster'; readonly cluster: DBCluster }

/**
 * The one source whose endpoint is exactly this host and port: how a simulator's instances are found, all of which listen
 * on one machine. AWS's own addresses never get here, their host tells. Undefined where nothing, or more than one thing,
 * answers to it, or where the credentials may not list instances.
 */
export async function sourceAt(aws: Aws, { host, port }: Settled): Promise<Placed | undefined> {
  if (port === undefined) return undefined
  const here = (await allInstances(aws)).filter(
    ({ Endpoint }) => Endpoint?.Address !== undefined && isHere(Endpoint.Address, Endpoint.Port, host, port),
  )
  const clusters = new Set(here.map(({ DBClusterIdentifier }) => DBClusterIdentifier))
  const [instance] = here
  const [cluster] = clusters
  if (instance === undefined || clusters.size > 1) return undefined
  if (cluster) return { kind: 'cluster', cluster: await describeCluster(aws, cluster) }
  return here.length === 1 ? { kind: 'instance', instance } : undefined
}

async function allInstances(aws: Aws): Promise<readonly DBInstance[]> {
  try {
    return await pages(async (Marker) => {
      const answer = await aws.ask('DescribeDBInstances', 'the DB instances', (rds, o) =>
        rds.describeDBInstances({ Marker }, o),
      )
      return { items: answer.DBInstances, marker: answer.Marker }
    })
  } catch (error) {
    aws.signal.throwIfAborted()
    // Listing everything is more than a careful policy allows; then the question is asked instead.
    if (error instanceof Error && 'code' in error && error.code === 'AWS_ACCESS_DENIED') return []
    throw error
  }
}

function isHere(address: string, addressPort: number | undefined, host: string, port: number): boolean {
  return addressPort === port && (plainHost(address) === plainHost(host) || (isLoopback(address) && isLoopback(host)))
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}
