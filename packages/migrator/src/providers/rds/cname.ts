import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { MigratorError } from '../../errors.ts'
import { readEndpoint } from './endpoint.ts'

type Resolve = (host: string) => Promise<readonly string[]>

/** Aliases may lead to aliases; a circle ends here. */
const LONGEST_CHAIN = 8

/**
 * Why a host that is not RDS's own can't be backed up as it stands. An alias that leads to RDS is named, but not followed:
 * whoever runs this is asked whether that is the database, because a wrong backup is worse than a question.
 */
export async function unknownSource(host: string, resolve: Resolve = systemResolve): Promise<MigratorError> {
  const target = await rdsHostBehind(host, resolve)
  const endpoint = target === undefined ? undefined : readEndpoint(target)
  if (target === undefined || endpoint === undefined || endpoint.kind === 'elsewhere') {
    const text = `The host "${host}" is not an RDS endpoint, so it does not identify the DB instance or cluster to back up.`
    return new MigratorError('AWS_SOURCE_UNKNOWN', text, { details: { host } })
  }
  const option = endpoint.kind === 'instance' ? `--db-instance ${endpoint.id}` : `--db-cluster ${endpoint.id}`
  const named = endpoint.kind === 'instance' || endpoint.kind === 'writer' || endpoint.kind === 'reader'
  return new MigratorError('AWS_SOURCE_UNKNOWN', `The host "${host}" resolves to ${target}. Is this the one?`, {
    hint: named
      ? `If it is, add ${option}.`
      : 'If it is, add --db-instance ID or --db-cluster ID of what is behind it.',
    details: { host, leadsTo: target, region: endpoint.region },
  })
}

/** A question to whoever waits for an error anyway: a DNS server that does not answer must not hold it up. */
function systemResolve(host: string): Promise<readonly string[]> {
  return new Resolver({ timeout: 1_500, tries: 1 }).resolveCname(host)
}

async function rdsHostBehind(host: string, resolve: Resolve): Promise<string | undefined> {
  if (isIP(host) !== 0 || host === 'localhost') return undefined
  let name = host
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const [next] = await aliasesOf(name, resolve)
    if (next === undefined) return undefined
    if (readEndpoint(next).kind !== 'elsewhere') return next
    name = next
  }
  return undefined
}

/** A name without alias, an IP address or a DNS server that does not answer: in all these cases there is nothing to name. */
async function aliasesOf(name: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return await resolve(name)
  } catch {
    return []
  }
}
