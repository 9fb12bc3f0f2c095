import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readLiterals } from '../core/code-literals.ts'
import { type FileProblem, invalidFiles } from '../core/file-problem.ts'
import type { Migration, MigrationFile, SourceFile } from '../core/migration.ts'
import { once } from '../core/once.ts'
import { checksumOf } from './checksum.ts'
import { freshenModules } from './fresh-modules.ts'
import { importModule } from './import-module.ts'
import { importsChecksumOf, localImports } from './local-imports.ts'
import { actionOfCode } from './migration-code.ts'
import { rewritingOf } from './rewriting.ts'
import { isProblem, readSource } from './source.ts'

/** A TypeScript or JavaScript module as a migration. It is imported only by `load`. */
export function moduleFile(
  directory: string,
  id: string,
  name: string,
): { file?: MigrationFile; problems: readonly FileProblem[] } {
  const source = readSource(directory, name)
  if (isProblem(source)) return { problems: [{ ...source, id }] }
  const imports = localImports(directory, name, source.text)
  const named = {
    id,
    format: 'module' as const,
    checksum: checksumOf(source.bytes),
    importsChecksum: importsChecksumOf(imports),
    path: name,
  }
  const sources = [{ path: name, content: source.text }, ...imports]
  return {
    file: {
      ...named,
      rewritten: (checksum) => rewritingOf(source.text, checksum),
      load: once(() => loadModule(directory, named, sources)),
    },
    problems: glance(id, name, source.text),
  }
}

/**
 * Imports a module and checks what it exports. Rejects with MIGRATION_FILES_INVALID, also when its files are not these sources
 * any more: what runs is what was read, and what its checksum is of.
 */
export async function loadModule(
  directory: string,
  named: Omit<MigrationFile, 'load'>,
  sources: readonly SourceFile[],
): Promise<Migration> {
  refuseChanged(directory, named, sources)
  freshenModules(directory, sources)
  const exports = await importModule(resolve(directory, named.path), named)
  refuseChanged(directory, named, sources)
  const problems = exportProblems(named, exports)
  if (problems.length > 0) throw invalidFiles(problems)
  const { description, irreversible, transaction, up, down, validate, verify, seed } = exports
  return {
    ...named,
    description: typeof description === 'string' ? description : undefined,
    transactional: transaction !== false,
    irreversible: isReason(irreversible) ? irreversible : undefined,
    up: actionOfCode(named.path, up as Code),
    down: isFunction(down) ? actionOfCode(named.path, down) : undefined,
    validate: isFunction(validate) ? actionOfCode(named.path, validate) : undefined,
    verify: isFunction(verify) ? actionOfCode(named.path, verify) : undefined,
    seed: isFunction(seed) ? actionOfCode(named.path, seed) : undefined,
    sources,
  }
}

function refuseChanged(
  directory: string,
  { id, path }: Pick<MigrationFile, 'id' | 'path'>,
  sources: readonly SourceFile[],
): void {
  const changed = sources.find((source) => textOf(resolve(directory, source.path)) !== source.content)
  if (!changed) return
  const message = `${changed.path} was edited while the migrations were being loaded; load them again.`
  throw invalidFiles([{ kind: 'does-not-load', id, path, message }])
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Whatever stands in the way of reading it: it is not what was read before.
    return undefined
  }
}

/** What is known without importing; every file of the directory passes through here at every start. */
function glance(id: string, path: string, text: string): readonly FileProblem[] {
  const code = withoutComments(text)
  if (code.trim() === '') {
    return [{ kind: 'empty', id, path, message: `Migration ${id} is empty` }]
  }
  const literal = LITERAL_ID.exec(code)
  if (literal && literal[2] !== id) return [idMismatch(id, path, literal[2])]
  if (/\bup\b/.test(code) && !/\bdown\b|\birreversible\b|\bexport\s*\*/.test(code)) return [missingDown(id, path)]
  return []
}

const LITERAL_ID =
  /^[\uFEFF \t]*export[ \t]+const[ \t]+id\b[^=\n]*=\s*(['"`])([^'"`$\n]*)\1(?:[ \t]+as[ \t]+const)?[ \t]*(?:;[ \t]*)?\r?$/m

function exportProblems(
  { id, path }: Omit<MigrationFile, 'load'>,
  exports: Readonly<Record<string, unknown>>,
): readonly FileProblem[] {
  const problems: FileProblem[] = []
  if (exports.id !== undefined && exports.id !== id) problems.push(idMismatch(id, path, String(exports.id)))
  if (!isFunction(exports.up)) {
    problems.push({ kind: 'does-not-load', id, path, message: `${path} exports no function up(db).` })
  }
  if (!isFunction(exports.down) && !isReason(exports.irreversible)) problems.push(missingDown(id, path))
  return problems
}

function idMismatch(id: string, path: string, exported: string | undefined): FileProblem {
  return {
    kind: 'id-mismatch',
    id,
    path,
    message: `${path} exports the id "${exported}"; it must be the file's own name, "${id}".`,
  }
}

function missingDown(id: string, path: string): FileProblem {
  const message = `Migration ${id} does not have a down() function; write it, or state why it has none: export const irreversible = '…'`
  return { kind: 'missing-down', id, path, message }
}

function withoutComments(text: string): string {
  const parts = [...readLiterals(text)].filter(({ kind }) => kind !== 'comment')
  return parts.map(({ from, to }) => text.slice(from, to)).join('')
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

type Code = (...args: unknown[]) => unknown

function isFunction(value: unknown): value is Code {
  return typeof value === 'function'
}
