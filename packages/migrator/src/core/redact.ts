/**
 * No secret reaches a log, an event, a report or an error text: everything that leaves passes through here.
 */
const SECRET_KEY =
  /password|passwd|secret|token|credential|authorization|connection[_-]?string|database[_-]?url|^key$|(api|access|private|secret|session)[_-]?key/i
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/:"]*):([^\s"]*)@/gi
const ASSIGNED_SECRET =
  /((?:\b|_)[\w-]*(?:password|passwd|pwd|secret|token|api_?key)"?)(\s*[=:]\s*)('(?:[^']|'')*'|"[^"]*"|[^\s,;&'"}]+)/gi
/** `ALTER ROLE app PASSWORD 'x'` */
const SQL_PASSWORD = /\b(password)(\s+)(E?'(?:[^']|'')*')/gi

export const REDACTED = '[REDACTED]'

/** The text without credentials of URLs and without values assigned to secret words. */
export function redactText(text: string): string {
  return text
    .replace(URL_CREDENTIALS, `$1$2:${REDACTED}@`)
    .replace(ASSIGNED_SECRET, `$1$2${REDACTED}`)
    .replace(SQL_PASSWORD, `$1$2${REDACTED}`)
}

/** A deep copy in which the values under secret keys, at any depth and in any case, and secrets in texts are replaced. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map(redact)
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET_KEY.test(key) ? REDACTED : redact(inner)]),
  )
}

/** Dates and the like are values, not containers. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
