import { RdsError } from './wire/error.ts'
import { newIdentifier } from './wire/identifier.ts'

export interface Flags {
  readonly port: number
  readonly region: string
  readonly instance: string
  readonly cluster: string | undefined
  readonly snapshotMs: number
}

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

/** The flags as texts → what they mean. Throws UsageError. */
export function readFlags(texts: Readonly<Record<string, unknown>>): Flags {
  const text = (name: string) => (texts[name] === undefined ? undefined : String(texts[name]))
  const region = text('region') ?? 'us-east-1'
  if (!/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region))
    throw new UsageError(`--region ${region}: it has to be a region, as eu-central-1.`)
  return {
    port: numberIn('port', text('port') ?? '0', 65_535),
    region,
    instance: identifier('instance', text('instance') ?? 'summit-prod'),
    cluster: texts.cluster === undefined ? undefined : identifier('cluster', String(texts.cluster)),
    snapshotMs: 1000 * numberIn('snapshot-seconds', text('snapshot-seconds') ?? '3', 86_400),
  }
}

function numberIn(name: string, text: string, largest: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text) && Number(text) <= largest) return Number(text)
  throw new UsageError(`--${name} ${text}: it has to be a number from 0 to ${largest}.`)
}

function identifier(kind: 'instance' | 'cluster', text: string): string {
  try {
    return newIdentifier(kind, `--${kind}`, text)
  } catch (error) {
    if (error instanceof RdsError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}
