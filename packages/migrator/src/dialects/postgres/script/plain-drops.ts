import type { DataLossEffect } from '../../../core/data-loss-effect.ts'

const NAME = '[a-z_][a-z0-9_]*'
const QUALIFIED = `${NAME}(?:\\.${NAME})?`
const STATEMENT = new RegExp(
  `^\\s*drop\\s+(table|index)\\s+(?:if\\s+exists\\s+)?(${QUALIFIED}(?:\\s*,\\s*${QUALIFIED})*)\\s*$`,
)

/**
 * What the plainest of downs destroy: those that drop tables and indexes by plain names, and do nothing else. Undefined for every other
 * text, which PostgreSQL's own parser has to read. Loading that takes a quarter of a whole rollback, and most downs need it not.
 */
export function plainDrops(sql: string): readonly DataLossEffect[] | undefined {
  const effects: DataLossEffect[] = []
  const texts = sql.split(';')
  // What follows the last semicolon is another statement, or nothing.
  if (texts.at(-1)?.trim() === '') texts.pop()
  for (const text of texts) {
    const [, kind, names] = STATEMENT.exec(inLowerCase(text)) ?? []
    if (names === undefined) return undefined
    if (kind === 'table') effects.push(...names.split(',').map(dropped))
  }
  return effects
}

function inLowerCase(text: string): string {
  return text.replace(/\bDROP\s+(?:TABLE|INDEX)\b(?:\s+IF\s+EXISTS\b)?/, (words) => words.toLowerCase())
}

function dropped(name: string): DataLossEffect {
  const [first = '', second] = name.trim().split('.')
  const ref = second === undefined ? { name: first } : { schema: first, name: second }
  return { kind: 'object', object: 'relation', ref, reach: 'restrict' }
}
