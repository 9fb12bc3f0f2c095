import type { Client } from './driver-client.ts'

/** How the driver reads and writes one type. */
type Read = (text: string) => unknown
type Write = (value: unknown) => unknown

/**
 * Tells a client about the array types of its database, so that arrays of a module's queries are arrays. The driver can ask
 * for them too, but nobody awaits what it asks: a connection that is cut meanwhile would end this process.
 */
export async function readArrayTypes(client: Client): Promise<void> {
  const types = await client.unsafe(`
    SELECT t.oid::text AS element, t.typarray::text AS "array", t.typdelim AS delimiter
      FROM pg_catalog.pg_type t WHERE t.typarray <> 0`)
  const { parsers, serializers } = client.options as unknown as {
    readonly parsers: Record<string, Read>
    readonly serializers: Record<string, Write>
  }
  for (const { element, array, delimiter } of types) {
    const [read, write] = [parsers[element], serializers[element]]
    parsers[array] = (text) => parseArray(text, delimiter, read)
    serializers[array] = (value) => (Array.isArray(value) ? writeArray(value, delimiter, write) : value)
  }
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function parseArray(text: string, delimiter: string, read: Read = (each) => each): unknown[] {
  // Bounds other than from 1 come first: `[0:1]={a,b}`.
  let at = text.indexOf('{')
  return list()

  function list(): unknown[] {
    const values: unknown[] = []
    at++
    while (text[at] !== '}' && at < text.length) {
      if (text[at] === delimiter) at++
      else values.push(text[at] === '{' ? list() : text[at] === '"' ? read(quoted()) : bare())
    }
    at++
    return values
  }

  function bare(): unknown {
    const from = at
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at++
    const word = text.slice(from, at)
    return word === 'NULL' ? null : read(word)
  }

  function quoted(): string {
    let value = ''
    for (at++; at < text.length && text[at] !== '"'; at++) value += text[text[at] === '\\' ? ++at : at]
    at++
    return value
  }
}

export function writeArray(values: readonly unknown[], delimiter: string, write: Write = String): string {
  const texts = values.map((value) => {
    if (Array.isArray(value)) return writeArray(value, delimiter, write)
    if (value === null || value === undefined) return 'NULL'
    return `"${String(write(value)).replace(/["\\]/g, '\\$&')}"`
  })
  return `{${texts.join(delimiter)}}`
}
