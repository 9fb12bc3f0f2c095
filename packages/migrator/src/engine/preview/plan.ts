import { type Certificates, type LostObject, lostObjects, staleCertificates } from '../../core/certificate.ts'
import { lossText, tellable } from '../../core/loss.ts'
import type { Migration } from '../../core/migration.ts'
import { type Step, sqlKeyOf } from '../../core/plan.ts'
import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { inOrderOfApplication } from '../../core/reconcile.ts'
import { redactText } from '../../core/redact.ts'
import { type ErrorCode, MigratorError } from '../../errors.ts'
import { type Rehearsal, rehearse } from '../rehearse/rehearse.ts'
import { appliedChain } from '../run/applied-chain.ts'
import { readStatuses, withSession } from '../run/begin.ts'
import type { Context, MigrationSet } from '../run/context.ts'
import type { RunReport } from '../run/report.ts'

export interface PlanOptions {
  readonly certificates: Certificates
  /** What is taken before the run, for people. */
  readonly backup: string
}

/**
 * Everything about a run that can be known beforehand. `dry` is the report of its dry run; its steps are rehearsed on a
 * scratch server, at the point of history where the live database stands. Where that is impossible, the certificates tell
 * what they know, and `notes` say so. Reads the live database's history only.
 */
export async function planFacts(
  context: Context,
  set: MigrationSet,
  dry: RunReport,
  options: PlanOptions,
): Promise<PlanFacts> {
  const { database } = context.database.location
  if (dry.error || dry.plan.steps.length === 0) return factsOfDryRun(dry, set, { ...options, database })
  const tried = await tryRehearsing(context, set, dry.plan.steps)
  const measured = typeof tried === 'string' ? { notes: [tried] } : { rehearsals: tried }
  return factsOfDryRun(dry, set, { ...options, ...measured, database })
}

/** What else a report may tell of a dry run. */
export interface DryRunDetails {
  readonly database: string
  /** For people. Default: nothing is said to be taken. */
  readonly backup?: string
  /** Default: none are known. */
  readonly certificates?: Certificates
  /** What was measured of the steps. Default: nothing. */
  readonly rehearsals?: readonly Rehearsal[]
  readonly notes?: readonly string[]
}

/** The facts of a plan from a dry run (`runner.apply(migrations, { dryRun: true })`), for a report. Pure. */
export function factsOfDryRun(
  dry: RunReport,
  { files }: Pick<MigrationSet, 'files'>,
  { database, backup = 'none', certificates = new Map(), rehearsals = [], notes = [] }: DryRunDetails,
): PlanFacts {
  const measured = new Map(rehearsals.map((rehearsal) => [rehearsal.id, rehearsal]))
  const stale = new Map(staleCertificates(files, certificates).map(({ id, why }) => [id, why]))
  const steps = dry.plan.steps.map((step): PlannedStep => {
    const rehearsal = measured.get(step.id)
    const known = stale.has(step.id) ? undefined : certificates.get(step.id)
    return {
      step,
      sql: dry.sql?.[sqlKeyOf(step)] && redactText(dry.sql[sqlKeyOf(step)] ?? ''),
      checksum: step.file?.checksum ?? step.entry?.checksum,
      statements: (rehearsal?.statements ?? [])
        .filter(({ direction }) => direction === step.direction)
        .map((statement) => ({ ...statement, sql: redactText(statement.sql) })),
      verdict: rehearsal?.verdict ?? known?.verdict,
      reasons: rehearsal?.reasons ?? known?.reasons ?? [],
      loss: lossOf(step, rehearsal, known?.lostByDown ?? []),
      liveLoss: tellable((dry.loss ?? []).filter(({ migration }) => migration === step.id)).map(lossText),
      certificate: known
        ? 'valid'
        : stale.get(step.id) === 'edited' || stale.get(step.id) === 'history-edited'
          ? 'stale'
          : 'missing',
    }
  })
  const refusal = dry.error && { code: dry.error.code, message: dry.error.message }
  const said = [...(dry.sqlNote === undefined ? [] : [dry.sqlNote]), ...notes]
  return { database, plan: dry.plan, steps, backup, drift: dry.drift ?? [], notes: said, refusal }
}

function lossOf(
  { direction }: Step,
  rehearsal: Rehearsal | undefined,
  known: readonly LostObject[],
): readonly LostObject[] {
  if (direction === 'up') return []
  return rehearsal ? lostObjects(rehearsal.lostByDown) : known
}

/** Why it could not be done, for people, where no scratch server can be had. */
async function tryRehearsing(
  context: Context,
  set: MigrationSet,
  steps: readonly Step[],
): Promise<readonly Rehearsal[] | string> {
  const { withScratch } = context
  if (!withScratch) return 'nothing was measured: no scratch server is available'
  try {
    const chain = await chainOf(context, set, steps)
    const chosen = new Set(steps.flatMap(({ id, by }) => (by === 'record' ? [] : [id])))
    return await withScratch((scratch) => rehearse(scratch, chain, { chosen }))
  } catch (error) {
    if (error instanceof MigratorError && !FATAL.has(error.code)) return `not everything was measured: ${error.message}`
    throw error
  }
}

const FATAL = new Set<ErrorCode>(['INTERRUPTED'])

/** What is applied, in the order of application, and then what is to be applied. */
async function chainOf(context: Context, set: MigrationSet, steps: readonly Step[]): Promise<readonly Migration[]> {
  return withSession(context, async (session) => {
    const statuses: readonly MigrationStatus[] = await readStatuses(context, session, set)
    const applied = new Set(inOrderOfApplication(statuses).map(({ id }) => id))
    const chain = await appliedChain(context, session, statuses)
    const coming = steps.flatMap(({ id, file }) => (file && !applied.has(id) ? [file] : []))
    return [...chain, ...(await Promise.all(coming.map((file) => file.load())))]
  })
}
