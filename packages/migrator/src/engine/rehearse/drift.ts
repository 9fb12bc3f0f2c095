import { portable } from '../../core/catalog.ts'
import type { Certificates } from '../../core/certificate.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { inOrderOfApplication } from '../../core/reconcile.ts'
import { type CatalogDiff, diffCatalogs } from '../../core/schema-diff.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { appliedChain } from '../run/applied-chain.ts'
import { readStatuses, withSession } from '../run/begin.ts'
import type { Context, MigrationSet } from '../run/context.ts'
import { schemaAt } from './schema-at.ts'

/** Whether the live schema matches the applied migrations. */
export interface DriftReport {
  /** From the expected schema to the live one: `added` exists although no migration created it. */
  readonly diff: CatalogDiff
  /** The newest applied migration; undefined if nothing is applied. */
  readonly newest: string | undefined
  readonly fingerprint: string
  /** What proved the schema identical without a scratch database; undefined if objects were compared. */
  readonly provenBy?: 'certificate' | undefined
}

/**
 * Compares the live schema with that of its applied migrations. Where the newest one's certificate has the same
 * fingerprint, nothing else is asked; otherwise the migrations are applied to a scratch database, and both are compared
 * object by object. Reads the live database's history and system catalogs only. Rejects as `schemaAt` does.
 */
export async function drift(
  context: Context,
  set: MigrationSet,
  certificates: Certificates,
  withScratch: <T>(work: (scratch: ScratchContext) => Promise<T>) => Promise<T>,
): Promise<DriftReport> {
  const { catalog } = context.database
  return withSession(context, async (session) => {
    const statuses = await readStatuses(context, session, set)
    const live = await catalog.snapshot(session)
    const fingerprint = await catalog.fingerprintOf(live)
    const newest = inOrderOfApplication(statuses).at(-1)?.id
    if (expectedFingerprint(statuses, certificates) === fingerprint) {
      return { diff: { verdict: 'identical', differences: [] }, newest, fingerprint, provenBy: 'certificate' }
    }
    const chain = await appliedChain(context, session, statuses)
    const expected = await withScratch(async (scratch) => {
      const standing = await schemaAt(scratch, chain)
      try {
        const on = await standing.database.connect({ modules: false })
        return await standing.database.catalog.snapshot(on)
      } finally {
        await standing.drop()
      }
    })
    return { diff: diffCatalogs(portable(expected), portable(live)), newest, fingerprint }
  })
}

/**
 * The fingerprint that the certificates promise for what is applied. Undefined where they promise none: something that is
 * applied is not as it was rehearsed, or not in the order of the files.
 */
export function expectedFingerprint(
  statuses: readonly MigrationStatus[],
  certificates: Certificates,
): string | undefined {
  const applied = inOrderOfApplication(statuses)
  let at: string | undefined
  for (const { entry } of applied) {
    const certificate = certificates.get(entry.id)
    const same =
      certificate?.checksum === entry.checksum && certificate.importsChecksum === entry.importsChecksum && !entry.dirty
    if (!certificate || !same || (at !== undefined && certificate.before !== at)) return undefined
    at = certificate.after
  }
  return at
}
