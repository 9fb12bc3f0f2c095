/**
 * Literals for the simple query protocol. Bound parameters would cost a round trip each behind a pooler that keeps no
 * prepared statements, and could not be pipelined with the step that they record.
 */
export function literal(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value !== 'string') return String(value)
  if (value.length > LONG && !value.includes(TAG.slice(0, -1))) return `${TAG}${value}${TAG}`
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** A long text is quoted without being copied over and over, unless it could be taken to hold the end of it. */
export const LONG = 64 * 1024
const TAG = '$migrator_long$'

/** A JSON literal; NULL for undefined. */
export function jsonLiteral(value: unknown): string {
  return value === undefined
    ? 'NULL'
    : `${literal(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? storable(inner) : inner)))}::jsonb`
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** jsonb holds neither NUL nor half of a surrogate pair. https://www.postgresql.org/docs/current/datatype-json.html */
export function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Cs}/gu, '\uFFFD')
}
