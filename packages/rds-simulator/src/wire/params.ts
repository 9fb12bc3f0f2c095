import { RdsError } from './error.ts'

/** A request's parameters, flat as they come: `DBInstanceIdentifier`, `Tags.Tag.1.Key` … */
export type Params = ReadonlyMap<string, string>

/** An empty value counts as not given. */
export function text(params: Params, name: string): string | undefined {
  return params.get(name) || undefined
}

/** Throws MissingParameter. */
export function required(params: Params, name: string): string {
  const value = text(params, name)
  if (value === undefined) throw new RdsError('MissingParameter', `The request must contain the parameter ${name}.`)
  return value
}

/** Throws InvalidParameterValue for anything but true and false. */
export function flag(params: Params, name: string): boolean | undefined {
  const value = text(params, name)
  if (value === undefined) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw new RdsError('InvalidParameterValue', `Invalid value ${value} for ${name}: must be true or false.`)
}

/** Throws InvalidParameterValue for anything but digits. */
export function whole(params: Params, name: string): number | undefined {
  const value = text(params, name)
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new RdsError('InvalidParameterValue', `Invalid value ${value} for ${name}: must be a whole number.`)
}

/** The members of a list of structures, in order. The word between name and number may be the member's or `member`. */
export function members(params: Params, name: string): readonly Params[] {
  const found = new Map<number, Map<string, string>>()
  for (const [key, value] of params) {
    const [first, , number, ...rest] = key.split('.')
    if (first !== name || number === undefined) continue
    const member = found.get(Number(number)) ?? new Map<string, string>()
    found.set(Number(number), member.set(rest.join('.'), value))
  }
  return [...found].sort(([one], [other]) => one - other).map(([, member]) => member)
}

/** The members of a list of texts, or undefined where the request has none. */
export function texts(params: Params, name: string): readonly string[] | undefined {
  const values = members(params, name).map((member) => member.get('') ?? '')
  return values.length === 0 ? undefined : values
}
