import type { DataLoss } from './data/data-loss.ts'
import type { DataLossEffect } from './data-loss-effect.ts'
import type { KnownLoss } from './loss.ts'
import { compareIds, type MigrationFile } from './migration.ts'
import type { RehearsalVerdict } from './rehearsal.ts'
import type { LockTaken } from './statement-facts.ts'

/**
 * What a rehearsal proved about one migration: an entry in migrations.lock.json, reviewed and committed like a lock
 * file.
 */
export interface Certificate {
  readonly id: string
  readonly checksum: string
  readonly downChecksum?: string | undefined
  readonly importsChecksum?: string | undefined
  readonly verdict: Exclude<RehearsalVerdict, 'broken'>
  /** The reasons for the verdict, in the words of the rehearsal; empty for `lossless`. */
  readonly reasons: readonly string[]
  /** The catalog's fingerprint before it, and after its up. */
  readonly before: string
  readonly after: string
  /** What a rollback destroys of what was written since the up. */
  readonly lostByDown: readonly LostObject[]
  /** What up and down together do not keep of what was there before the up. */
  readonly lostByRoundTrip: readonly LostObject[]
  /** The strongest lock of each direction. */
  readonly locks: { readonly up?: LockTaken | undefined; readonly down?: LockTaken | undefined }
  /** PostgreSQL's major version that it was rehearsed on. */
  readonly postgres: number
}

/** A table (`schema.name`) or a column of it; without the counts of a rehearsal's made-up rows. */
export interface LostObject {
  readonly table: string
  readonly column?: string | undefined
  readonly how: DataLoss['how']
}

/** By id. */
export type Certificates = ReadonlyMap<string, Certificate>

/** Why a migration's certificate is no longer valid. */
export interface StaleCertificate {
  readonly id: string
  readonly why: 'missing' | 'edited' | 'history-edited' | 'file-gone'
}

type Named = Pick<MigrationFile, 'id' | 'checksum' | 'downChecksum' | 'importsChecksum'>

/** Certificates that do not certify the files as they are; ordered by id. Empty when all is proven. */
export function staleCertificates(files: readonly Named[], certificates: Certificates): readonly StaleCertificate[] {
  const known = new Set(files.map(({ id }) => id))
  const gone = [...certificates.keys()].filter((id) => !known.has(id)).map((id) => ({ id, why: 'file-gone' as const }))
  const stale = files.flatMap((file, place): readonly StaleCertificate[] => {
    const why = whyStale(file, certificates.get(file.id), certificates.get(files[place - 1]?.id ?? ''))
    return why === undefined ? [] : [{ id: file.id, why }]
  })
  return [...stale, ...gone].sort((a, b) => compareIds(a.id, b.id))
}

function whyStale(
  file: Named,
  certificate: Certificate | undefined,
  previous: Certificate | undefined,
): StaleCertificate['why'] | undefined {
  if (!certificate) return 'missing'
  const same =
    certificate.checksum === file.checksum &&
    certificate.downChecksum === file.downChecksum &&
    certificate.importsChecksum === file.importsChecksum
  if (!same) return 'edited'
  // It was rehearsed on a schema that the migrations before it no longer lead to.
  return previous && previous.after !== certificate.before ? 'history-edited' : undefined
}

const WHY: Readonly<Record<StaleCertificate['why'], string>> = {
  missing: 'has no certificate',
  edited: 'was edited after its rehearsal',
  'history-edited': 'was rehearsed after different migrations than those before it now',
  'file-gone': 'has a certificate, but no file',
}

/** `0007_add_plans has no certificate`. */
export function describeStale({ id, why }: StaleCertificate): string {
  return `${id} ${WHY[why]}`
}

export function lostObjects(losses: readonly DataLoss[]): readonly LostObject[] {
  return losses.map(({ table, column, how }) => ({ table, ...(column === undefined ? {} : { column }), how }))
}

/**
 * What a migration's down is proven to destroy as a whole, for counting it on a live database. Undefined where its
 * certificate does not certify this file, or left something open.
 */
export function knownLossIn(files: readonly Named[], certificates: Certificates): KnownLoss {
  const stale = new Set(staleCertificates(files, certificates).map(({ id }) => id))
  return (id) => {
    const certificate = certificates.get(id)
    if (!certificate || stale.has(id) || certificate.verdict === 'unproven') return undefined
    return certificate.lostByDown.filter(({ how }) => how === 'dropped' || how === 'emptied').map(effectOf)
  }
}

function effectOf({ table, column }: LostObject): DataLossEffect {
  const at = table.indexOf('.')
  const ref = { schema: table.slice(0, at), name: table.slice(at + 1) }
  if (column === undefined) return { kind: 'object', object: 'relation', ref, reach: 'restrict' }
  return { kind: 'column', ref, column, reach: 'restrict' }
}
