import type { FailureKind } from '../../../core/failure-kind.ts'

/** What kind of failure an SQLSTATE is. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function failureKindOfState(state: string): FailureKind | undefined {
  return STATES[state] ?? CLASSES[state.slice(0, 2)]
}

const STATES: Readonly<Record<string, FailureKind>> = {
  '55P03': 'lock-timeout',
  '57014': 'cancelled',
  '40P01': 'deadlock',
  '40001': 'serialization',
  '25006': 'read-only',
  '25P02': 'doomed',
  '25001': 'needs-no-transaction',
  '23502': 'value-missing',
  '23505': 'value-repeated',
  '21000': 'several-rows',
  P0001: 'raised',
  '42704': 'missing-object',
}

const CLASSES: Readonly<Record<string, FailureKind>> = {
  '22': 'value-refused',
  '23': 'rule-refused',
  '0A': 'statement-refused',
  '2B': 'statement-refused',
  '42': 'statement-refused',
}
