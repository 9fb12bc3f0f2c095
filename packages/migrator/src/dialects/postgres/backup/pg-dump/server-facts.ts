import type { SqlSession } from '../../session/sql-session.ts'
import { readProperties } from '../database-properties.ts'
import type { DumpRecord } from './record.ts'

/** What a dump's record says of the database, and what has to be known before pg_dump starts. */
export interface ServerFacts {
  readonly major: number
  readonly pooled: boolean
  readonly recorded: Pick<DumpRecord, 'serverVersion' | 'serverVersionNumber' | 'owners' | 'hasPublic' | 'properties'>
}

export async function readServer(on: SqlSession): Promise<ServerFacts> {
  const [row] = await on.query(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
           current_database() AS database, (to_regnamespace('public') IS NOT NULL)::text AS has_public,
           (SELECT coalesce(jsonb_agg(DISTINCT pg_catalog.pg_get_userbyid(o.owner)), '[]')::text FROM (${OWNERS}) AS o(owner)) AS owners`)
  const number = Number(row?.number)
  const properties = await readProperties(on, row?.database ?? '')
  return {
    major: Math.floor(number / 10_000),
    pooled: on.pooled,
    recorded: {
      serverVersion: row?.version ?? '',
      serverVersionNumber: number,
      owners: JSON.parse(row?.owners ?? '[]') as readonly string[],
      hasPublic: row?.has_public === 'true',
      ...(properties ? { properties } : {}),
    },
  }
}

/** Of everything that pg_dump writes an owner for: objects that initdb did not make. */
const OWNERS = `
  SELECT relowner FROM pg_catalog.pg_class WHERE oid >= 16384
  UNION SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
     AND nspowner <> coalesce(to_regrole('pg_database_owner'), 0)
  UNION SELECT proowner FROM pg_catalog.pg_proc WHERE oid >= 16384
  UNION SELECT typowner FROM pg_catalog.pg_type WHERE oid >= 16384
  UNION SELECT lomowner FROM pg_catalog.pg_largeobject_metadata`
