import { describeLoss } from '../core/data/data-loss.ts'
import type { Judgement, RehearsalVerdict } from '../core/rehearsal.ts'
import { VERDICTS } from '../core/rehearsal.ts'
import type { StatementFacts } from '../core/statement-facts.ts'

/** As much of a rehearsal as reports show. */
export interface RehearsalShown extends Judgement {
  readonly id: string
  readonly statements: readonly StatementFacts[]
  readonly fingerprints: { readonly before: string | undefined; readonly after: string | undefined }
  readonly durationMs: number
  readonly major: number
}

/** The document of `rehearse --json`. */
export function rehearsalDocument(rehearsals: readonly RehearsalShown[]): object {
  return { migrations: rehearsals.map(rehearsalJson), summary: countVerdicts(rehearsals) }
}

export function rehearsalJson(rehearsal: RehearsalShown): object {
  const { id, verdict, reasons, differences, lostByRoundTrip, lostByDown, fingerprints, durationMs, major } = rehearsal
  return {
    id,
    verdict,
    reasons,
    statements: rehearsal.statements.map(statementJson),
    differences,
    lostByRoundTrip: lostByRoundTrip.map((loss) => ({ ...loss, description: describeLoss(loss) })),
    lostByDown: lostByDown.map((loss) => ({ ...loss, description: describeLoss(loss) })),
    fingerprints: { before: fingerprints.before ?? null, after: fingerprints.after ?? null },
    durationMs: Math.round(durationMs),
    postgres: major,
  }
}

/** Without what was bound to parameters: rows of a rehearsal are made up, and mean nothing. */
function statementJson({ direction, sql, locks, rewrites, scans, durationMs }: StatementFacts): object {
  return { direction, sql, locks, rewrites, scans, durationMs: Math.round(durationMs * 10) / 10 }
}

export function countVerdicts(
  rehearsals: readonly { readonly verdict: RehearsalVerdict }[],
): Readonly<Record<RehearsalVerdict, number>> {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<RehearsalVerdict, number>
  for (const { verdict } of rehearsals) counts[verdict]++
  return counts
}
