import { randomUUID } from 'node:crypto'
import { actions } from './actions/index.ts'
import { denyByFault, refuseByFault } from './faults.ts'
import { type ArnKind, accountId, arnOf } from './naming.ts'
import type { Requests } from './requests.ts'
import { type Answer, refusal, success } from './wire/answer.ts'
import { RdsError } from './wire/error.ts'
import { nameIn } from './wire/identifier.ts'
import { members, type Params, text } from './wire/params.ts'
import { type Query, readQuery } from './wire/query.ts'
import type { World } from './world.ts'

export interface Api {
  /** Answers every request, also one that cannot be read. `requestId` is in the answer, too. */
  answer(
    body: string,
    authorization: string | undefined,
  ): Promise<Answer & { readonly requestId: string; readonly action: string }>
}

export interface ApiDeps {
  worldOf(region: string): World
  readonly requests: Requests
  /** Told of what is the simulator's own failure; the client gets InternalFailure. */
  onError(error: unknown): void
}

export const caller = `arn:aws:iam::${accountId}:user/operator`

export function createApi({ worldOf, requests, onError }: ApiDeps): Api {
  async function run(query: Query, requestId: string): Promise<Answer> {
    const { action, params } = query
    const world = worldOf(query.region)
    const resource = resourceOf(params, query.region)
    refuseByFault(world.faults, action, caller, resource)
    const work = actions[action]
    if (work === undefined)
      throw new RdsError('InvalidAction', `Could not find operation ${action} for version 2014-10-31`)
    // Whoever passes tags to an action needs the permission to tag.
    if (action !== 'AddTagsToResource' && members(params, 'Tags').length > 0) {
      denyByFault(world.faults, 'AddTagsToResource', caller, resource)
    }
    return success(action, await work(params, world), requestId)
  }

  return {
    async answer(body, authorization) {
      const requestId = randomUUID()
      let action = ''
      try {
        const query = readQuery(body, authorization)
        action = query.action
        const record = requests.record(query)
        const answer = await run(query, requestId).catch((error: unknown) =>
          refused(error, requestId, onError, record.ended),
        )
        return { ...answer, requestId, action }
      } catch (error) {
        return { ...refused(error, requestId, onError), requestId, action }
      }
    },
  }
}

function refused(
  error: unknown,
  requestId: string,
  onError: ApiDeps['onError'],
  note?: (code: string) => void,
): Answer {
  if (!(error instanceof RdsError)) onError(error)
  const message = error instanceof Error ? error.message : String(error)
  const refusalError =
    error instanceof RdsError
      ? error
      : new RdsError('InternalFailure', `The simulator failed: ${message}`, { cause: error })
  note?.(refusalError.code)
  return refusal(refusalError, requestId)
}

const kinds: readonly (readonly [parameter: string, kind: ArnKind])[] = [
  ['DBSnapshotIdentifier', 'snapshot'],
  ['DBClusterSnapshotIdentifier', 'cluster-snapshot'],
  ['SnapshotIdentifier', 'cluster-snapshot'],
  ['DBInstanceIdentifier', 'db'],
  ['DBClusterIdentifier', 'cluster'],
  ['DBProxyName', 'db-proxy'],
]

/** What an AccessDenied names: the first thing that the request names, or every instance. */
function resourceOf(params: Params, region: string): string {
  const arn = text(params, 'ResourceName')
  if (arn !== undefined) return arn
  const found = kinds.find(([parameter]) => text(params, parameter) !== undefined)
  return found === undefined ? arnOf(region, 'db', '*') : arnOf(region, found[1], nameIn(params.get(found[0]) ?? ''))
}
