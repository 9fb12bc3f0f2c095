// The query API's wire: form bodies in, XML out. It must not know instances, snapshots or PostgreSQL.

/** A list's elements carry a name of their own (`<DBInstances><DBInstance>…`), mostly the type's. */
export interface XmlList {
  readonly member: string
  readonly items: readonly Xml[]
}

export type Xml = string | number | boolean | Date | undefined | XmlList | XmlObject
export interface XmlObject {
  readonly [name: string]: Xml
}

export const list = (member: string, items: readonly Xml[]): XmlList => ({ member, items })

/** `<name>…</name>`, or nothing for an undefined value: the API leaves out what has no value. */
export function element(name: string, value: Xml): string {
  return value === undefined ? '' : `<${name}>${content(value)}</${name}>`
}

function content(value: Exclude<Xml, undefined>): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'object') return escaped(String(value))
  if (isList(value)) return value.items.map((item) => element(value.member, item)).join('')
  return Object.entries(value)
    .map(([name, inner]) => element(name, inner))
    .join('')
}

function isList(value: XmlList | XmlObject): value is XmlList {
  return 'items' in value && Array.isArray(value.items)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
}

/** XML 1.0 has no way to write other control characters: they become question marks. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"'\r]/g, (sign) => entities[sign] ?? sign)
    .replace(/[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
}
