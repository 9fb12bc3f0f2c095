import { RdsError } from './error.ts'
import type { Params } from './params.ts'

/** One request, as far as it can be read before anything is looked up. */
export interface Query {
  readonly action: string
  readonly params: Params
  /** Out of the signature's credential scope. The signature itself is not checked: any key pair will do. */
  readonly region: string
}

const version = '2014-10-31'

/**
 * Reads a form body and its Authorization header (or the presigned form's X-Amz-Credential).
 * Throws MissingAction, MissingAuthenticationToken or, for another version of the API, InvalidAction.
 */
export function readQuery(body: string, authorization: string | undefined): Query {
  const { Action: action, Version, ...rest } = Object.fromEntries(new URLSearchParams(body))
  if (!action) throw new RdsError('MissingAction', 'Missing Action')
  const region = regionOf(authorization ?? rest['X-Amz-Credential'])
  if (Version !== version) {
    throw new RdsError(
      'InvalidAction',
      `Could not find operation ${action} for version ${Version ?? 'NO_VERSION_SPECIFIED'}`,
    )
  }
  return { action, region, params: new Map(Object.entries(rest)) }
}

// AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/rds/aws4_request, SignedHeaders=…, Signature=…
function regionOf(credential: string | undefined): string {
  const region = /\/\d{8}\/([^/]+)\/rds\/aws4_request/.exec(credential ?? '')?.[1]
  if (region === undefined) throw new RdsError('MissingAuthenticationToken', 'Missing Authentication Token')
  return region
}
