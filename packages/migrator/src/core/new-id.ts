import { MigratorError } from '../errors.ts'
import { compareIds, numberOf } from './migration.ts'

const LONGEST_NAME = 100

/** Lower-case words with underscores, as new ids have them. Throws USAGE_INVALID. */
export function readName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw invalid(`Invalid migration name: "${text}".`, 'Use letters, digits and underscores, as in add_plans.')
  if (name.length > LONGEST_NAME)
    throw invalid(
      `The name "${name}" has ${name.length} characters; the maximum is ${LONGEST_NAME}.`,
      'Use fewer words, as in add_plans.',
    )
  return name
}

/**
 * Above every other, in the width that the folder has; in a folder of timestamps it is the time now, written as theirs are,
 * unless one of them is in the future.
 */
export function nextNumber(ids: readonly string[], now: Date): string {
  const highest = (numberOf(ids.toSorted(compareIds).at(-1) ?? '') ?? '0').split('.')[0] ?? '0'
  const next = BigInt(highest) + 1n
  const time = TIMESTAMPS.find(({ looksLike }) => looksLike.test(highest))?.write(now)
  if (time !== undefined && BigInt(time) >= next) return time
  const digits = ids.map((id) => /^\d+/.exec(id)?.[0] ?? '')
  const width = Math.max(4, ...digits.map((text) => text.length))
  return String(next).padStart(width, '0')
}

const DAY = '(?:19|20)\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])'

/** How tools write the time into an id. */
const TIMESTAMPS = [
  { looksLike: new RegExp(`^${DAY}\\d{9}$`), write: (now: Date) => digitsOf(now).slice(0, 17) },
  { looksLike: new RegExp(`^${DAY}\\d{6}$`), write: (now: Date) => digitsOf(now).slice(0, 14) },
  { looksLike: new RegExp(`^${DAY}\\d{4}$`), write: (now: Date) => digitsOf(now).slice(0, 12) },
  { looksLike: new RegExp(`^${DAY}$`), write: (now: Date) => digitsOf(now).slice(0, 8) },
  { looksLike: /^1[5-9]\d{11}$/, write: (now: Date) => String(now.getTime()) },
  { looksLike: /^1[5-9]\d{8}$/, write: (now: Date) => String(Math.floor(now.getTime() / 1000)) },
] as const

function digitsOf(now: Date): string {
  return now.toISOString().replace(/\D/g, '')
}

function invalid(message: string, hint: string): MigratorError {
  return new MigratorError('USAGE_INVALID', message, { hint })
}
