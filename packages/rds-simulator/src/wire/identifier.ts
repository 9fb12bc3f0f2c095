import { RdsError } from './error.ts'

const maxLength = { instance: 63, snapshot: 255, cluster: 63, 'cluster-snapshot': 63 } as const

/**
 * A new identifier, as it is stored: in lower case.
 * Throws InvalidParameterValue, by the rules that the API reference gives beside each of these parameters.
 */
export function newIdentifier(kind: keyof typeof maxLength, parameter: string, value: string): string {
  if (!/^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(value)) {
    throw new RdsError(
      'InvalidParameterValue',
      `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    )
  }
  if (value.length > maxLength[kind]) {
    const message = `The parameter ${parameter} is not a valid identifier because it is longer than ${maxLength[kind]} characters.`
    throw new RdsError('InvalidParameterValue', message)
  }
  return value.toLowerCase()
}

/** What an existing thing is called: by its name or its ARN, in any case. */
export function nameIn(value: string): string {
  return (/^arn:[^:]*:rds:[^:]*:[^:]*:[^:]+:(.+)$/.exec(value)?.[1] ?? value).toLowerCase()
}
