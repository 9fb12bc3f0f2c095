// Days and instants as text. A day is a UTC day, as in the database's reports.

const dayMs = 24 * 60 * 60 * 1000

/** Instants from `earliest` to before `latest`: wide enough for every event, narrow enough for PostgreSQL's parser. */
const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(3000, 0, 1)

/** The start of the day that `YYYY-MM-DD` names; undefined for other text, and for days that don't exist. */
export function parseDay(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const date = new Date(text)
  // JavaScript reads 30 February as 2 March.
  return isWithinBounds(date) && dayOf(date) === text ? date : undefined
}

/** An ISO 8601 date and time with Z or an offset, to the millisecond; undefined for anything else. */
export function parseInstant(text: string): Date | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (match?.[1] === undefined || parseDay(match[1]) === undefined) return undefined
  const date = new Date(text)
  return isWithinBounds(date) ? date : undefined
}

/** The UTC day of an instant, as `YYYY-MM-DD`. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

export function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * dayMs)
}

/** Days from one start of a day to another; the same day is 0. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / dayMs)
}

function isWithinBounds(date: Date): boolean {
  return date.getTime() >= earliest && date.getTime() < latest
}
