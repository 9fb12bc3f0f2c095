import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileProblem } from '../core/file-problem.ts'
import type { Migration } from '../core/migration.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { readDirectory } from './directory.ts'

/** A migration as its files will have it, from a folder of its own: it is proven before it is put beside others. */
export async function loadAside(
  names: readonly string[],
  texts: readonly string[],
  script: ScriptText,
): Promise<{ readonly migration: Migration | undefined; readonly problems: readonly FileProblem[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'migrator-aside-'))
  try {
    for (const [at, name] of names.entries()) writeFileSync(join(folder, name), texts[at] ?? '')
    const { files, problems } = readDirectory(folder, script)
    const migration = problems.length === 0 ? await files[0]?.load() : undefined
    return { migration, problems }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
