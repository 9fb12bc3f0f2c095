import type { Destruction } from '../core/destruction.ts'

const NAME = '[a-z_][a-z0-9_]*'
const QUALIFIED = `${NAME}(?:\\.${NAME})?`
const STATEMENT = `\\s*drop\\s+(table|index)\\s+(?:if\\s+exists\\s+)?(${QUALIFIED}(?:\\s*,\\s*${QUALIFIED})*)\\s*`
const ALL = new RegExp(`^(?:${STATEMENT};)*(?:${STATEMENT})?\\s*$`)
const EACH = new RegExp(STATEMENT, 'g')

/**
 * What the plainest of downs destroy: those that drop tables and indexes by plain names, and do nothing else. Undefined for every other
 * text, which PostgreSQL's own parser has to read. That takes a tenth of a second to load, and most downs need it not.
 */
export function plainDrops(sql: string): readonly Destruction[] | undefined {
  const text = sql.replace(/\bDROP\s+(?:TABLE|INDEX)\b(?:\s+IF\s+EXISTS\b)?/g, (words) => words.toLowerCase())
  if (!ALL.test(text)) return undefined
  return [...text.matchAll(EACH)].flatMap(([, kind, names = '']) => {
    if (kind === 'index') return []
    return names.split(',').map((name): Destruction => {
      const [first = '', second] = name.trim().split('.')
      const ref = second === undefined ? { name: first } : { schema: first, name: second }
      return { kind: 'object', object: 'relation', ref, reach: 'restrict' }
    })
  })
}
