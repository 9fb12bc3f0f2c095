/** What `db:new` writes. */
export interface Template {
  readonly name: string
  readonly content: string
}

export function moduleTemplate(id: string, ending: 'ts' | 'mts'): Template {
  const words = id.replace(/^\d+_/, '').replaceAll('_', ' ')
  const content = `import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '${id}'
export const description = '${words.charAt(0).toUpperCase()}${words.slice(1)}'

/** Runs in a transaction. For CREATE INDEX CONCURRENTLY and similar statements: export const transaction = false */
export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql\`SELECT 1\`)
}

/** Brings back exactly what was there before. Where that is impossible: export const irreversible = 'why', and no down. */
export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql\`SELECT 1\`)
}
`
  return { name: `${id}.${ending}`, content }
}

export function pairTemplates(id: string): readonly Template[] {
  const words = id.replace(/^\d+_/, '').replaceAll('_', ' ')
  const up = `-- Description: ${words.charAt(0).toUpperCase()}${words.slice(1)}
-- Runs in a transaction. For CREATE INDEX CONCURRENTLY and similar statements, put "transaction=false" after "-- migrator:" here.

SELECT 1;
`
  const down = `-- Brings back exactly what was there before ${id}.

SELECT 1;
`
  return [
    { name: `${id}.up.sql`, content: up },
    { name: `${id}.down.sql`, content: down },
  ]
}
