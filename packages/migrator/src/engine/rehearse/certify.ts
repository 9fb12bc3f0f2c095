import { type Certificate, type Certificates, lostObjects } from '../../core/certificate.ts'
import { compareIds } from '../../core/migration.ts'
import { worstLock } from '../../core/statement-facts.ts'
import type { Rehearsal } from './rehearse.ts'

/**
 * The certificates with those of the rehearsals in place of the old ones. A broken migration loses its; one whose file is
 * gone (not in `ids`) too. Ordered by id.
 */
export function withRehearsals(
  certificates: Certificates,
  rehearsals: readonly Rehearsal[],
  ids: ReadonlySet<string>,
): Certificates {
  const all = new Map([...certificates].filter(([id]) => ids.has(id)))
  for (const rehearsal of rehearsals) {
    const certificate = certificateOf(rehearsal)
    if (certificate) all.set(rehearsal.id, certificate)
    else all.delete(rehearsal.id)
  }
  return new Map([...all].sort(([left], [right]) => compareIds(left, right)))
}

function certificateOf(rehearsal: Rehearsal): Certificate | undefined {
  const { id, migration, verdict, fingerprints, statements, lostByDown, lostByRoundTrip, major } = rehearsal
  const { before, after } = fingerprints
  if (verdict === 'broken' || before === undefined || after === undefined) return undefined
  const { checksum, downChecksum, importsChecksum } = migration
  const of = (direction: 'up' | 'down') => worstLock(statements.filter((each) => each.direction === direction))
  return {
    ...{ id, checksum, downChecksum, importsChecksum, verdict },
    reasons: verdict === 'irreversible' || verdict === 'unproven' ? rehearsal.reasons : [],
    ...{ before, after },
    lostByDown: lostObjects(lostByDown),
    lostByRoundTrip: lostObjects(lostByRoundTrip),
    locks: { up: of('up'), down: of('down') },
    postgres: major,
  }
}
