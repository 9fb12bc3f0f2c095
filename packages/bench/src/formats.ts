import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Text } from './corpus.ts'

/** Writes the migrations in one tool's format into a folder, which is created. */
export type Format = (folder: string, texts: readonly Text[]) => void

/** A project of ours: pairs and a configuration. */
export const ours: Format = (folder, texts) => {
  write(folder, 'package.json', '{ "type": "module" }\n')
  write(folder, 'migrator.config.mjs', "export default { migrations: 'migrations' }\n")
  for (const { id, up, down } of texts) {
    write(folder, `migrations/${id}_bench.up.sql`, lines(up))
    write(folder, `migrations/${id}_bench.down.sql`, lines(down))
  }
}

const HISTORY = `CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(),
  checksum text NOT NULL, dirty boolean NOT NULL DEFAULT false);\n`

/** Two scripts, `up.sql` and `down.sql`; in both each migration is one transaction with its history row. */
export const psql: Format = (folder, texts) => {
  const recorded = texts.map(({ id, up }) => {
    const checksum = createHash('sha256').update(lines(up)).digest('hex')
    const row = `INSERT INTO schema_migrations (version, checksum) VALUES ('${id}_bench', '${checksum}');`
    return lines(['BEGIN;', ...up, row, 'COMMIT;'])
  })
  const forgotten = texts.toReversed().map(({ id, down }) => {
    const row = `DELETE FROM schema_migrations WHERE version = '${id}_bench';`
    return lines(['BEGIN;', ...down, row, 'COMMIT;'])
  })
  write(folder, 'up.sql', HISTORY + recorded.join(''))
  write(folder, 'down.sql', forgotten.join(''))
}

/** drizzle-kit's journal; without breakpoints, so that a file is one message. */
export const drizzle: Format = (folder, texts) => {
  const entries = texts.map(({ id }, idx) => {
    return { idx, version: '7', when: 1_767_225_600_000 + idx * 1000, tag: `${id}_bench`, breakpoints: false }
  })
  write(folder, 'meta/_journal.json', JSON.stringify({ version: '7', dialect: 'postgresql', entries }, null, 2))
  for (const { id, up } of texts) write(folder, `${id}_bench.sql`, lines(up))
}

/** SQL files, which node-pg-migrate reads without its TypeScript loader. */
export const nodePgMigrate: Format = (folder, texts) => {
  for (const { id, up, down } of texts) {
    write(folder, `${id}_bench.sql`, lines(['-- Up Migration', ...up, '-- Down Migration', ...down]))
  }
}

/** JavaScript modules, each direction one message. */
export const kysely: Format = (folder, texts) => {
  for (const { id, up, down } of texts) {
    const direction = (name: string, sql: readonly string[]) =>
      `export async function ${name}(db) {\n  await sql\`${sql.join('\n')}\`.execute(db)\n}\n`
    write(
      folder,
      `${id}_bench.mjs`,
      `import { sql } from 'kysely'\n\n${direction('up', up)}\n${direction('down', down)}`,
    )
  }
}

export const dbmate: Format = (folder, texts) => {
  for (const { id, up, down } of texts) {
    write(folder, `202601010${id}_bench.sql`, lines(['-- migrate:up', ...up, '', '-- migrate:down', ...down]))
  }
}

function lines(statements: readonly string[]): string {
  return `${statements.join('\n')}\n`
}

function write(folder: string, name: string, content: string): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
