/**
 * Literals for the simple query protocol. Bound parameters would cost a round trip each behind a pooler that keeps no
 * prepared statements, and could not be pipelined with the step that they record.
 */
export function literal(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value !== 'string') return String(value)
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

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
function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Cs}/gu, '\uFFFD')
}
