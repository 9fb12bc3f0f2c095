import type { Source } from './identity.ts'

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status */
const READY = new Set(['available', 'storage-optimization'])
const SOON = new Set(['backing-up'])

/** Whether AWS would take a snapshot now. An answer without a status says nothing against it. */
export function sourceState({ status }: Pick<Source, 'status'>): 'ready' | 'soon' | 'unavailable' {
  if (status === undefined || status === '' || READY.has(status)) return 'ready'
  return SOON.has(status) ? 'soon' : 'unavailable'
}

export function nounOf({ kind, id }: Pick<Source, 'kind' | 'id'>): string {
  return `DB ${kind} "${id}"`
}

/** What to do about a state in which nothing can be backed up. */
export function hintFor({ kind, id, status }: Source): string {
  if (status === 'stopped' || status === 'stopping')
    return `Start it (aws rds start-db-${kind} --db-${kind}-identifier ${id}), wait until its status is "available", then run the command again.`
  if (status?.startsWith('incompatible-') || status === 'failed' || status === 'restore-error')
    return 'AWS will not resolve this state on its own: see its events in the RDS console.'
  return 'Wait until its status is "available", then run the command again.'
}
