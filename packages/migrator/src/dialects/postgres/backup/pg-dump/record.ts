import type { BackupScope, StoredBackup } from '../../../../ports/backup.ts'
import type { DatabaseProperties } from '../database-properties.ts'

/** What is kept beside a dump, as `<id>.json`. */
export interface DumpRecord {
  readonly schemaVersion: 1
  readonly id: string
  /** `creating` until the dump is complete; the file reserves the id. */
  readonly state: 'creating' | 'available' | 'failed'
  readonly createdAt: string
  readonly operation?: BackupScope['operation']
  readonly runId?: string
  readonly migrations?: readonly string[]
  readonly source: { readonly host: string; readonly port: number; readonly database: string }
  /** Who writes the dump, so that the next run knows whether it still does. */
  readonly process?: { readonly host: string; readonly pid: number }
  readonly toolVersion?: string
  /** `18.4`, and as a number `180004`. */
  readonly serverVersion?: string
  readonly serverVersionNumber?: number
  readonly tool?: { readonly version: string; readonly major: number }
  readonly sizeBytes?: number
  /** SHA-256 of the file. Undefined for a dump that somebody put there: it can't be verified. */
  readonly checksum?: string
  /** The roles that own something in the database. */
  readonly owners?: readonly string[]
  /** Whether there is a schema `public`, which every new database has. */
  readonly hasPublic?: boolean
  readonly properties?: DatabaseProperties
  /** What is wrong with it. */
  readonly problem?: string
}

export function storedOf(record: DumpRecord): StoredBackup {
  const { id, state, createdAt, sizeBytes, runId, migrations, source, serverVersion, tool, checksum, problem } = record
  return {
    id,
    provider: 'pg-dump',
    state,
    createdAt,
    sizeBytes,
    own: record.process !== undefined,
    runId,
    migrations,
    details: { ...source, serverVersion, tool: tool?.version, checksum, problem },
  }
}
