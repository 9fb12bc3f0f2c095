// What the account holds and how it changes with time, as plain data. It must not know XML, HTTP or PostgreSQL.

/** A status for a while. Nothing ticks: whoever looks computes from the clock what has come of it. */
export interface Condition {
  readonly status: string
  /** Milliseconds since the epoch; Infinity while real work is still going on. */
  readonly until: number
  readonly next: 'available' | 'gone'
}

export const available: Condition = { status: 'available', until: 0, next: 'available' }

/** The status now, or undefined once the thing is gone. */
export function statusAt({ status, until, next }: Condition, now: number): string | undefined {
  if (now < until) return status
  return next === 'available' ? 'available' : undefined
}

/** Until real work is over and `lasting` says for how long it seems to have been going on. */
export const underWay = (status: string): Condition => ({ status, until: Number.POSITIVE_INFINITY, next: 'available' })

export const lasting = (status: string, until: number): Condition => ({ status, until, next: 'available' })

export const vanishing = (until: number): Condition => ({ status: 'deleting', until, next: 'gone' })
