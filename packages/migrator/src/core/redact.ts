/**
 * No secret reaches a log, an event, a report or an error text: everything that leaves passes through here.
 */
import { isSecretName } from './secret-name.ts'
import { secretsIn } from './secrets-in.ts'

export const REDACTED = '[REDACTED]'

/** The text without credentials of URLs, without values that secret names carry, and without tokens and private keys. */
export function redactText(text: string): string {
  return redactPart(text, 0, text.length)
}

/** A part of a text without the secrets of the whole, also where one began in front of the part. */
export function redactPart(text: string, from: number, to: number): string {
  let shown = ''
  let at = from
  for (const secret of secretsIn(text)) {
    if (secret.to <= at) continue
    if (secret.from >= to) break
    shown += text.slice(at, Math.max(at, secret.from)) + REDACTED
    at = Math.min(secret.to, to)
  }
  return shown + text.slice(at, to)
}

/** A deep copy in which secrets in texts are replaced; its keys tell nothing, names of tables for instance. */
export function redactTexts(value: unknown): unknown {
  return copied(value, () => false, new Set())
}

/** A deep copy in which the values under secret keys, at any depth and in any case, and secrets in texts are replaced. */
export function redact(value: unknown): unknown {
  return copied(value, isSecretKey, new Set())
}

function copied(value: unknown, isSecret: (key: string) => boolean, above: ReadonlySet<unknown>): unknown {
  if (typeof value === 'string') return redactText(value)
  if (above.has(value)) return '[Circular]'
  if (value instanceof Error) return redactText(`${value.name}: ${value.message}`)
  if (value instanceof URL) return redactText(value.href)
  const within = new Set(above).add(value)
  if (Array.isArray(value)) return value.map((each) => copied(each, isSecret, within))
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(key) ? REDACTED : copied(inner, isSecret, within)]),
  )
}

function isSecretKey(key: string): boolean {
  return /^key$|connection[_-]?string|database[_-]?url/i.test(key) || isSecretName(key)
}

/** Dates and the like are values, not containers. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
