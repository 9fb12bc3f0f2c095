import { sectioned } from './sectioned.ts'
import { cutAt, type Sections } from './sections.ts'

const UP = /^\s*--[\s-]*up\s+migration/i
const DOWN = /^\s*--[\s-]*down\s+migration/i

/** node-pg-migrate in SQL: `-- Up Migration` and `-- Down Migration`. */
export const nodePgMigrate = sectioned({
  name: 'node-pg-migrate',
  sections: pgMigrateSections,
  downMark: '-- Down Migration',
})

export function pgMigrateSections(text: string): Sections | undefined {
  const marked = text.split('\n').some((line) => UP.test(line) || DOWN.test(line))
  return marked ? cutAt(text, { up: UP, down: DOWN }) : undefined
}
