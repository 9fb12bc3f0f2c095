import { MigratorError } from '../../errors.ts'
import type { RdsEndpoint } from './endpoint.ts'
import type { AmbientRegion } from './sdk.ts'

/**
 * The host knows its region; what says otherwise is refused, because it would look for the database in the wrong place.
 * A profile's region is a default for everything, so it only counts where nothing else does.
 */
export function chooseRegion(endpoint: RdsEndpoint, asked: string | undefined, ambient: AmbientRegion): string {
  const ofHost = endpoint.kind === 'elsewhere' ? undefined : endpoint.region
  const said = asked ?? ambient.environment
  if (ofHost !== undefined && said !== undefined && said !== ofHost) throw mismatch(ofHost, said, asked)
  const region = ofHost ?? said ?? ambient.any
  if (region !== undefined) return region
  throw new MigratorError(
    'AWS_SOURCE_UNKNOWN',
    'The AWS region of the database is unknown: its host name does not contain it.',
    {
      hint: 'Set AWS_REGION, or backups.rds.region in migrator.config.ts.',
    },
  )
}

function mismatch(ofHost: string, said: string, asked: string | undefined): MigratorError {
  const where = asked === undefined ? 'AWS_REGION says' : 'the region asked for is'
  return new MigratorError('AWS_REGION_MISMATCH', `The database's host is in ${ofHost}, but ${where} ${said}.`, {
    details: { host: ofHost, asked: said },
  })
}
