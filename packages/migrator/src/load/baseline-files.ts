import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Migration } from '../core/migration.ts'
import { nextNumber, readName } from '../core/new-id.ts'
import { MigratorError } from '../errors.ts'
import type { SchemaScript } from '../ports/schema-source.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { readDirectory } from './directory.ts'
import { loadAside } from './load-aside.ts'
import { writeNew } from './write-new.ts'

/** The files of a first migration that is written from a database. */
export interface SchemaFiles {
  readonly id: string
  readonly paths: readonly string[]
  /** What each of them holds. */
  texts(script: SchemaScript): readonly string[]
  /** The migration as its files will have it; writes nothing in their folder. */
  load(script: SchemaScript): Promise<Migration>
  /** Writes them; never over a file that exists. */
  write(script: SchemaScript): Promise<void>
  remove(): Promise<void>
}

/** The id of a first migration. Throws USAGE_INVALID for a name that none can have, BASELINE_REFUSED where the folder has migrations. */
export function baselineId(directory: string, name: string | undefined, text: ScriptText): string {
  const id = `${nextNumber([], new Date())}_${readName(name ?? 'baseline')}`
  refuseMigrations(directory, text)
  return id
}

interface Place {
  readonly directory: string
  readonly id: string
  /** The name of the database. */
  readonly database: string
  readonly text: ScriptText
}

export function baselineFiles({ directory, id, database, text }: Place): SchemaFiles {
  const names = [`${id}.up.sql`, `${id}.down.sql`]
  const paths = names.map((name) => join(directory, name))
  const texts = ({ up, down, writtenBy }: SchemaScript) => [
    `-- description: The schema of ${JSON.stringify(database)} when it was adopted\n-- Written from the database by ${writtenBy}.\n\n${up}`,
    `-- Drops everything that ${names[0]} creates, with the data in it.\n\n${down}`,
  ]
  return {
    id,
    paths,
    texts,
    load: (script) => loadFrom(names, texts(script), text),
    async write(script) {
      mkdirSync(directory, { recursive: true })
      const written: string[] = []
      try {
        for (const [at, path] of paths.entries()) {
          writeNew(path, texts(script)[at] ?? '')
          written.push(path)
        }
      } catch (error) {
        for (const path of written) rmSync(path, { force: true })
        throw error
      }
    },
    async remove() {
      for (const path of paths) rmSync(path, { force: true })
    },
  }
}

async function loadFrom(names: readonly string[], texts: readonly string[], text: ScriptText): Promise<Migration> {
  const { migration } = await loadAside(names, texts, text)
  if (migration) return migration
  throw new MigratorError('BASELINE_REFUSED', 'The database has no schema to write a migration from.', {
    hint: 'Write the first migration with db:new. Nothing was written.',
  })
}

/** What is broken is a migration too. */
function refuseMigrations(directory: string, text: ScriptText): void {
  if (!existsSync(directory)) return
  const { files, problems } = readDirectory(directory, text)
  const [first, ...rest] = [...files.map(({ id }) => id), ...problems.map(({ path }) => path)]
  if (first === undefined) return
  const more = rest.length === 0 ? '' : ` and ${rest.length} more`
  throw new MigratorError('BASELINE_REFUSED', `${directory} has migrations already: ${first}${more}.`, {
    hint: 'Record them as applied with db:baseline ID, or name an empty folder with --migrations DIR. Nothing was written.',
  })
}
