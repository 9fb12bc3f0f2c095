/** PURE: blows and outcomes as a person reads them. */
import type { Outcome, Told } from './drive.ts'
import type { Blow, Moment } from './scenario.ts'

export function describeBlow(blow: Blow): string {
  return `${blow.kind === 'kill' ? 'killed' : `${blow.cut} on ${blow.on}`} ${describeMoment(blow.at)}`
}

function describeMoment(at: Moment): string {
  if ('point' in at) return `at point ${at.point}`
  return 'ms' in at ? `after ${at.ms} ms` : `${at.moment} "${at.text}"`
}

export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind !== 'told') return outcome.kind === 'broken' ? `broken: ${outcome.why}` : outcome.kind
  return describeTold(outcome.told)
}

function describeTold({ exit, code, steps, recovered, message }: Told): string {
  const each = steps?.map(({ id, status }) => `${id} ${status}`).join(', ') ?? 'no steps told'
  const also = recovered.length > 0 ? `; recovered ${recovered.join(', ')}` : ''
  return `exit ${exit}${code ? ` ${code} (${message})` : ''}: ${each}${also}`
}
