import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { invalidFiles } from '../core/file-problem.ts'
import type { Migration } from '../core/migration.ts'
import type { SquashedScript } from '../core/squash.ts'
import { MigratorError } from '../errors.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { loadAside } from './load-aside.ts'
import { readLockFile, writeLockFile } from './lock-file.ts'

/** The files of a migration in the place of others, in their folder. */
export interface SquashedFiles {
  readonly id: string
  /** The migration as its files will have it; writes nothing beside the others. */
  load(script: SquashedScript): Promise<Migration>
  paths(script: SquashedScript): readonly string[]
  /** Where the replaced files go. */
  readonly aside: string
  /**
   * Writes them, and moves those of the replaced migrations aside or deletes them; forgets their certificates. After a failure
   * the folder is as it was.
   */
  write(script: SquashedScript, replaced: readonly string[], fate: 'move' | 'delete'): Promise<void>
}

export function squashedFiles(directory: string, id: string, text: ScriptText): SquashedFiles {
  const aside = join(directory, SQUASHED, id)
  return {
    id,
    aside,
    async load(script) {
      const { migration, problems } = await loadAside(...filesFor(id, script), text)
      if (!migration) throw invalidFiles(problems)
      return migration
    },
    paths: (script) => filesFor(id, script)[0].map((name) => join(directory, name)),
    async write(script, replaced, fate) {
      const [names, texts] = filesFor(id, script)
      replaceFiles({ directory, id, old: filesOf(directory, replaced), names, texts, fate })
      await forgetCertificates(directory, replaced)
    },
  }
}

/** No format takes a folder for migrations whose name begins with a letter. */
const SQUASHED = 'squashed'

function filesFor(id: string, { up, down }: SquashedScript): readonly [readonly string[], readonly string[]] {
  if (down === undefined) return [[`${id}.up.sql`], [up]]
  return [
    [`${id}.up.sql`, `${id}.down.sql`],
    [up, down],
  ]
}

/** Seeds go with their migrations. */
function filesOf(directory: string, ids: readonly string[]): readonly string[] {
  const names = new Set(ids.flatMap((id) => ['up', 'down', 'seed'].map((part) => `${id}.${part}.sql`)))
  return readdirSync(directory).filter((name) => names.has(name))
}

interface Replacing {
  readonly directory: string
  readonly id: string
  readonly old: readonly string[]
  readonly names: readonly string[]
  readonly texts: readonly string[]
  readonly fate: 'move' | 'delete'
}

/** The old files are moved first and deleted last: whatever fails in between, they are put back. */
function replaceFiles({ directory, id, old, names, texts, fate }: Replacing): void {
  const aside = join(directory, SQUASHED, id)
  const moved: string[] = []
  const written: string[] = []
  try {
    mkdirSync(aside, { recursive: true })
    for (const name of old) {
      renameSync(join(directory, name), join(aside, name))
      moved.push(name)
    }
    for (const [at, name] of names.entries()) {
      writeFileSync(join(directory, name), texts[at] ?? '', { flag: 'wx' })
      written.push(name)
    }
  } catch (cause) {
    for (const name of written) rmSync(join(directory, name), { force: true })
    for (const name of moved) renameSync(join(aside, name), join(directory, name))
    throw new MigratorError(
      'MIGRATIONS_DIRECTORY_MISSING',
      `The files of ${directory} cannot be replaced: ${(cause as Error).message}.`,
      { cause },
    )
  }
  if (fate === 'delete') rmSync(aside, { recursive: true })
}

async function forgetCertificates(directory: string, ids: readonly string[]): Promise<void> {
  const certificates = readLockFile(directory)
  const kept = new Map([...certificates].filter(([id]) => !ids.includes(id)))
  if (kept.size < certificates.size) await writeLockFile(directory, kept)
}
