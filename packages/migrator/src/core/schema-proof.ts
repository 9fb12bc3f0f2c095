import type { Certificates } from './certificate.ts'
import type { Step } from './plan.ts'

/** Whether the live schema is, after a run, what the certificates promise. */
export interface SchemaProof {
  readonly verdict: 'identical' | 'differs'
  /** Up: the certificate of this one tells it. Down: it is as it was before this one. */
  readonly id: string
}

/**
 * Compares the fingerprint after a run with that of the last step's certificate. Undefined where it promises nothing: there
 * is none, or it is not of the file that was run.
 */
export function proveSchema(
  steps: readonly Step[],
  fingerprint: string | undefined,
  certificates: Certificates,
): SchemaProof | undefined {
  const last = steps.at(-1)
  const certificate = last && certificates.get(last.id)
  if (!certificate || fingerprint === undefined) return undefined
  const ran = last.file ?? last.entry
  if (certificate.checksum !== ran?.checksum || certificate.importsChecksum !== ran.importsChecksum) return undefined
  const promised = last.direction === 'up' ? certificate.after : certificate.before
  return { verdict: promised === fingerprint ? 'identical' : 'differs', id: last.id }
}

/** The line that a run ends with. */
export function proofText({ verdict, id }: SchemaProof, direction: Step['direction']): string {
  if (direction === 'up') {
    return verdict === 'identical'
      ? `The schema is identical to the certificate of ${id}.`
      : `The schema DIFFERS from the certificate of ${id}: db:drift lists the differences.`
  }
  return verdict === 'identical'
    ? `The schema is identical to before ${id}.`
    : `The schema DIFFERS from before ${id}: db:drift lists the differences.`
}
