/** What a host of RDS says of itself. Pure: whether the thing is really there, `identity.ts` asks AWS. */
export type RdsEndpoint =
  | {
      readonly kind: 'instance' | 'writer' | 'reader' | 'custom' | 'proxy' | 'proxy-endpoint'
      readonly id: string
      readonly region: string
    }
  | { readonly kind: 'elsewhere' }

/**
 * `ID.HASH.REGION.rds.amazonaws.com`; in China `ID.HASH.rds.REGION.amazonaws.com.cn`.
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
 */
const HOSTS = [
  /^(?<id>[a-z0-9-]+)\.(?<hash>[a-z0-9-]+|endpoint\.proxy-[a-z0-9]+)\.(?<region>[a-z]{2}(?:-[a-z]+)+-\d+)\.rds\.amazonaws\.com(?:\.cn)?$/,
  /^(?<id>[a-z0-9-]+)\.(?<hash>[a-z0-9-]+|endpoint\.proxy-[a-z0-9]+)\.rds\.(?<region>[a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com(?:\.cn)?$/,
]

export function readEndpoint(host: string): RdsEndpoint {
  const name = plainHost(host)
  for (const pattern of HOSTS) {
    const { id, hash, region } = pattern.exec(name)?.groups ?? {}
    if (id !== undefined && hash !== undefined && region !== undefined) return fromParts(id, hash, region)
  }
  return { kind: 'elsewhere' }
}

/** Host names have no case, and may end with a dot. */
export function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function fromParts(id: string, hash: string, region: string): RdsEndpoint {
  if (hash.startsWith('cluster-ro-')) return { kind: 'reader', id, region }
  if (hash.startsWith('cluster-custom-')) return { kind: 'custom', id, region }
  if (hash.startsWith('cluster-')) return { kind: 'writer', id, region }
  if (hash.startsWith('endpoint.proxy-')) return { kind: 'proxy-endpoint', id, region }
  if (hash.startsWith('proxy-')) return { kind: 'proxy', id, region }
  return hash.includes('-') ? { kind: 'elsewhere' } : { kind: 'instance', id, region }
}
