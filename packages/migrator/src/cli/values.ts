import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MigratorError } from '../errors.ts'

/** Flags arrive as texts, because ids look like numbers; these read the ones that are not ids. Each throws USAGE_INVALID. */
export function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw invalid(`--${name} must be a positive integer (got ${shown(text)}).`)
  return count
}

export function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw invalid(`--${name} must be a whole number, 0 or more (got ${shown(text)}).`)
  return Number(text)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 }

/** `500`, `500ms`, `5s`, `2min`: in milliseconds. */
export function readDuration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match = /^(\d{1,9}(?:\.\d+)?)\s*(ms|s|m|min|h)?$/.exec(text)
  if (!match) throw invalid(`--${name} must be a duration such as 500ms, 5s or 2min (got ${shown(text)}).`)
  const ms = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1)
  // PostgreSQL and timers count to 2147483647 ms; and what is not zero must not become it, because zero is for ever.
  if (ms > 2_147_483_647) throw invalid(`--${name} must be at most 596h (got ${text}).`)
  return ms > 0 ? Math.max(1, Math.round(ms)) : 0
}

const LONG_UNITS: Readonly<Record<string, number>> = { ...UNITS, d: 86_400_000, w: 604_800_000 }

/** How old something is: `12h`, `30d`, `2w`; in milliseconds. */
export function readAge(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match = /^(\d{1,6})\s*(min|h|d|w)$/.exec(text)
  if (!match) throw invalid(`--${name} must be an age such as 12h, 30d or 2w (got ${shown(text)}).`)
  return Number(match[1]) * (LONG_UNITS[match[2] ?? ''] ?? 1)
}

/** A path of the command line: relative to where the user stands, which a package manager may have changed. */
export function readPath(text: string | undefined, invokedFrom: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const fromUser = resolve(invokedFrom ?? '.', text)
  const fromHere = resolve(text)
  return existsSync(fromUser) || !existsSync(fromHere) ? fromUser : fromHere
}

function shown(text: string): string {
  return text === '' ? 'nothing' : text
}

/** Throws USAGE_INVALID when more than one of these is given: `refuseTogether(steps !== undefined && '--steps', batch && '--batch')`. */
export function refuseTogether(...flags: readonly (string | boolean | undefined)[]): void {
  const given = flags.filter((flag) => typeof flag === 'string')
  if (given.length > 1) throw invalid(`${given.join(' and ')} cannot be combined.`, 'Use one of them.')
}

export function invalid(message: string, hint?: string): MigratorError {
  return new MigratorError('USAGE_INVALID', message, hint === undefined ? {} : { hint })
}
