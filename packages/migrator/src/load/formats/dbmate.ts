import { sectioned } from './sectioned.ts'
import { cutAt, type Sections } from './sections.ts'

const UP = /^\s*--\s*migrate:up\b/
const DOWN = /^\s*--\s*migrate:down\b/
const OUTSIDE = /^[ \t]*--[ \t]*migrate:(?:up|down)\b.*\btransaction:\s*false\b/m

/** dbmate: `-- migrate:up` and `-- migrate:down`, each with options such as `transaction:false`. */
export const dbmate = sectioned({ name: 'dbmate', sections: dbmateSections, downMark: '-- migrate:down' })

export function dbmateSections(text: string): Sections | undefined {
  if (!text.split('\n').some((line) => UP.test(line))) return undefined
  return { ...cutAt(text, { up: UP, down: DOWN }), ...(OUTSIDE.test(text) ? { transactional: false } : {}) }
}
