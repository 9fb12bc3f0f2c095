import { MigratorError } from '../errors.ts'
import { explainLeftovers, type Leftovers } from './database-state.ts'
import { described } from './failure.ts'
import type { RunOutcome, Trial } from './trial.ts'

export interface Evidence {
  readonly outcome: RunOutcome
  readonly left?: Leftovers
  /** Where no comparison was come to. */
  readonly why?: string
}

/** ROLLBACK_NOT_PROVEN, with everything that was found in its text and, as data, in its details. */
export function notProven(trial: Trial, { outcome, left, why }: Evidence): MigratorError {
  const { migration, failure, scenario, transaction } = trial
  const about = scenario === described[failure] ? '' : ` (${scenario})`
  const mode = transaction === 'batch' ? 'all in one transaction' : 'one transaction each'
  const where = `a run with ${migration.id} at its end and ${described[failure]}${about}, ${mode}`
  const message = left
    ? [`${capital(where)}, left behind:`, ...explainLeftovers(left).map((line) => `  ${line}`), ...told(outcome)]
    : [`What ${where} leaves behind is unknown.  ${why ?? untried(trial, outcome)}`]
  return new MigratorError('ROLLBACK_NOT_PROVEN', message.join('\n'), {
    cause: outcome.error,
    details: {
      failAt: migration.id,
      ...{ failure, scenario, transaction },
      ...(left ? { catalog: left.catalog.differences, history: left.history, rows: left.rows } : {}),
    },
  })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function told({ error }: RunOutcome): readonly string[] {
  return error ? [`The run reported: ${error.message}`] : []
}

function untried({ migration }: Trial, { struck, error }: RunOutcome): string {
  if (!struck) return `The run failed on its own: ${error?.message ?? 'it ended early'}`
  return `${migration.id} swallowed the failure, and the run succeeded.`
}
