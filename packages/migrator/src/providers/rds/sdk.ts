import type { RDS } from '@aws-sdk/client-rds'
import { MigratorError } from '../../errors.ts'
import { withoutVersionWarning } from './env.ts'

type Sdk = typeof import('@aws-sdk/client-rds')

export interface ClientPlace {
  readonly region: string
  readonly endpoint?: string | undefined
}

/** Loads the SDK, which takes a moment and 22 MB: only when a call is due. Rejects with BACKUP_UNAVAILABLE without it. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-rds')
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    throw new MigratorError(
      'BACKUP_UNAVAILABLE',
      'RDS backups need the package @aws-sdk/client-rds, which is not installed.',
      {
        hint: 'Install it beside the migrator: pnpm add @aws-sdk/client-rds.',
        cause,
      },
    )
  }
}

/**
 * A client that tries every call once: `call.ts` repeats, because it knows which calls may be repeated. Credentials come
 * from the SDK's own chain. Without `endpoint` the SDK takes AWS_ENDPOINT_URL_RDS, AWS_ENDPOINT_URL or the profile's.
 */
export function createClient(sdk: Sdk, { region, endpoint }: ClientPlace): RDS {
  return withoutVersionWarning(
    () =>
      new sdk.RDS({
        region,
        maxAttempts: 1,
        requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
        ...(endpoint === undefined ? {} : { endpoint }),
      }),
  )
}

/** What the environment and the profile say of the region. */
export interface AmbientRegion {
  /** Of AWS_REGION alone. */
  readonly environment: string | undefined
  /** Of AWS_REGION, else of the profile. */
  readonly any: string | undefined
}

/** Asked of the SDK, so that it is read just as the SDK reads it. */
export async function ambientRegion(sdk: Sdk): Promise<AmbientRegion> {
  return {
    environment: await regionOf(sdk, { profile: 'a profile that does not exist leaves the environment only' }),
    any: await regionOf(sdk, {}),
  }
}

async function regionOf(sdk: Sdk, from: { readonly profile?: string }): Promise<string | undefined> {
  const client = withoutVersionWarning(() => new sdk.RDS({ ...from }))
  try {
    return await client.config.region()
  } catch {
    // No region anywhere: the SDK rejects with an Error that has no name of its own.
    return undefined
  } finally {
    client.destroy()
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}
