import { MigratorError } from '../errors.ts'
import { nearestIds } from './target.ts'

/** What an option may be, in the words of the refusal. */
export interface OptionKind {
  readonly what: string
  readonly fits: (value: unknown) => boolean
}

/** Every option, by name. */
export type OptionKinds<Options> = Readonly<Record<keyof Options, OptionKind>>

/** PostgreSQL and timers count to this many milliseconds. */
const LONGEST_MS = 2_147_483_647

export const milliseconds = whole('a whole number of milliseconds', 0)
export const someMilliseconds = whole('a whole number of milliseconds, at least 1', 1)
export const count = whole('a whole number, 0 or more', 0)
export const positive = whole('a whole number, at least 1', 1)
export const flag = kind('true or false', (value) => typeof value === 'boolean')
export const text = kind('a non-empty string', (value) => typeof value === 'string' && value !== '')
export const callback = kind('a function', (value) => typeof value === 'function')
export const signal = kind('an AbortSignal', (value) => isObject(value) && typeof value.aborted === 'boolean')

/** An object that has these functions. */
export function having(...methods: readonly string[]): OptionKind {
  const what = `an object with ${methods.map((name) => `${name}()`).join(' and ')}`
  return kind(what, (value) => methods.every((name) => isObject(value) && typeof value[name] === 'function'))
}

export function oneOf(...values: readonly string[]): OptionKind {
  return kind(values.map((value) => `"${value}"`).join(' or '), (value) => values.some((each) => each === value))
}

export function either(...kinds: readonly OptionKind[]): OptionKind {
  return kind(kinds.map(({ what }) => what).join(' or '), (value) => kinds.some(({ fits }) => fits(value)))
}

export function kind(what: string, fits: (value: unknown) => boolean): OptionKind {
  return { what, fits }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/**
 * Refuses an option that does not exist, and a value that it can't have; undefined counts as not given. Throws
 * USAGE_INVALID, naming the option. A name that is only misspelt would otherwise be ignored: `dryrun` would run.
 */
export function checkOptions(where: string, given: unknown, kinds: Readonly<Record<string, OptionKind>>): void {
  if (!isObject(given)) throw refusal(where, `options must be an object (got ${shown(given)}).`)
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const expected = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (!expected) throw unknownOption(where, name, Object.keys(kinds))
    if (!expected.fits(value)) throw refusal(where, `${name} must be ${expected.what} (got ${shown(value)}).`, name)
  }
}

/** The defaults, replaced by what is given; an option that is undefined counts as not given. */
export function withDefaults<Defaults extends object>(
  defaults: Defaults,
  given: { readonly [Name in keyof Defaults]?: Defaults[Name] | undefined },
): Defaults {
  return { ...defaults, ...defined(given) }
}

/** Without the options that are undefined, so that none hides a default. */
export function defined<Given extends object>(
  given: Given,
): { [Name in keyof Given]: Exclude<Given[Name], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof Given]: Exclude<Given[Name], undefined> }
}

function whole(what: string, least: number): OptionKind {
  return kind(what, (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= LONGEST_MS)
}

function unknownOption(where: string, name: string, known: readonly string[]): MigratorError {
  const [nearest] = nearestIds(name, known)
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`
  return refusal(where, `unknown option ${name}.${meant}`, name)
}

export function refusal(where: string, why: string, option?: string): MigratorError {
  return new MigratorError('USAGE_INVALID', `${where}: ${why}`, {
    hint: 'docs/reference/api.md lists every option.',
    details: option === undefined ? {} : { option },
  })
}

/** Never a whole object: it might hold a password. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
