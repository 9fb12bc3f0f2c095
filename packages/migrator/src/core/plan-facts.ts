import type { LostObject } from './certificate.ts'
import type { Plan, Step } from './plan.ts'
import type { MigrationStatus } from './reconcile.ts'
import type { RehearsalVerdict } from './rehearsal.ts'
import type { StatementFacts } from './statement-facts.ts'

/** Everything that a plan report shows, as plain data: formats make no decisions. */
export interface PlanFacts {
  readonly database: string
  readonly plan: Plan
  readonly steps: readonly PlannedStep[]
  /** The backup taken before the run, or why there is none. */
  readonly backup: string
  /** Where files and history differ. */
  readonly drift: readonly MigrationStatus[]
  /** What the SQL or the measurements lack, and why. */
  readonly notes: readonly string[]
  /** Why the plan cannot run. */
  readonly refusal?: { readonly code: string; readonly message: string } | undefined
}

export interface PlannedStep {
  readonly step: Step
  /** The SQL that will run; undefined where it is unknown. */
  readonly sql: string | undefined
  /** `file`: SHA-256 as `sha256sum` prints it. */
  readonly checksum: string | undefined
  /** Measured on a scratch database, in this direction. */
  readonly statements: readonly StatementFacts[]
  readonly verdict: RehearsalVerdict | undefined
  readonly reasons: readonly string[]
  /** What the step destroys: of a down, what was written since its up. */
  readonly loss: readonly LostObject[]
  /** How much of that data the live database has now: `3 rows of public.orders`. */
  readonly liveLoss: readonly string[]
  readonly certificate: 'valid' | 'stale' | 'missing'
}
