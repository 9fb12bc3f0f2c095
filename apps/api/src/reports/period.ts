// Query parameters of the reports. Pure.
import { ApiError } from '../api-error.ts'
import { addDays, dayOf, daysBetween, parseDay } from '../calendar.ts'

const defaultDays = 30
const maxDays = 366

/** Whole UTC days. */
export interface Period {
  /** First and last day, both included. */
  readonly from: string
  readonly to: string
  /** The instants that bound it: `start` belongs to it, `end` doesn't. */
  readonly start: Date
  readonly end: Date
}

export type Query = Readonly<Record<string, string>>

/**
 * Reads `from` and `to`. Without `to` the period ends today; without `from` it has 30 days.
 * Throws ApiError 400 for a day that isn't one, `from` after `to`, and more than 366 days.
 */
export function readPeriod(query: Query, today: Date): Period {
  const last = readDay(query, 'to') ?? parseDay(dayOf(today)) ?? today
  const first = readDay(query, 'from') ?? addDays(last, 1 - defaultDays)
  const days = daysBetween(first, last) + 1
  if (days < 1) throw invalid('from', `from (${dayOf(first)}) is after to (${dayOf(last)}).`)
  if (days > maxDays)
    throw invalid('from', `from ${dayOf(first)} to ${dayOf(last)} is ${days} days: ask for ${maxDays} at most.`)
  return { from: dayOf(first), to: dayOf(last), start: first, end: addDays(last, 1) }
}

/** Every day of the period, first to last. */
export function daysOf({ start, end }: Period): readonly string[] {
  return Array.from({ length: daysBetween(start, end) }, (_, index) => dayOf(addDays(start, index)))
}

/** Reads `limit`: 1 to 100, default 10. Throws ApiError 400. */
export function readLimit(query: Query): number {
  const text = query.limit ?? '10'
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > 100) throw invalid('limit', 'limit must be a whole number from 1 to 100.')
  return limit
}

/** Throws ApiError 400 for a parameter that the report lacks: a mistyped one would change the numbers silently. */
export function refuseOthers(query: Query, known: readonly string[]): void {
  const other = Object.keys(query).find((name) => !known.includes(name))
  if (other !== undefined)
    throw invalid(other, `${other} is not a valid parameter. Valid parameters: ${known.join(', ')}.`)
}

function readDay(query: Query, name: 'from' | 'to'): Date | undefined {
  const text = query[name]
  if (text === undefined) return undefined
  const day = parseDay(text)
  if (day === undefined) throw invalid(name, `${name} must be a day such as 2026-11-20.`)
  return day
}

function invalid(field: string, message: string): ApiError {
  return new ApiError(400, 'INVALID_INPUT', message, field)
}
