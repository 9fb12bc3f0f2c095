import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { HistoryEntry } from '../core/history.ts'
import type { Migration, SourceFile } from '../core/migration.ts'
import { MigratorError } from '../errors.ts'
import type { Archive } from '../ports.ts'
import { readDirectives } from '../sql/directives.ts'
import { scriptOf } from '../sql/script.ts'
import { checksumOf } from './checksum.ts'
import { importsChecksumOf } from './local-imports.ts'
import { readLockFile } from './lock-file.ts'
import { loadModule } from './module.ts'

export interface ArchiveOptions {
  readonly migrationsDirectory: string
  /** `shown`: the operator was shown the source and vouches for it. */
  readonly accept: 'repository' | 'shown'
}

/**
 * Migrations from the sources that the history keeps. SQL runs as SQL. A module's code comes out of a database, so it
 * runs only when the repository knows it byte for byte (by migrations.lock.json, or as a file in git), or the operator
 * vouches for it.
 */
export function createArchive({ migrationsDirectory, accept }: ArchiveOptions): Archive & { dispose(): Promise<void> } {
  const temporary: string[] = []
  return {
    verify: refuseDamaged,
    async load(entry, sources) {
      refuseDamaged(entry, sources)
      if (entry.format === 'sql') return sqlMigration(entry, sources)
      if (accept !== 'shown' && !isCertified(entry, migrationsDirectory))
        await refuseUnknown(entry, sources, migrationsDirectory)
      const directory = unpack(sources, migrationsDirectory, temporary)
      return loadModule(directory, namedBy(entry, sources), sources)
    },
    async dispose() {
      await Promise.all(temporary.map((path) => rm(path, { recursive: true, force: true })))
    },
  }
}

function refuseDamaged(entry: HistoryEntry, sources: readonly SourceFile[]): void {
  refuseEscapes(sources)
  const [main, ...rest] = sources
  const expected =
    entry.format === 'sql'
      ? (rest[0] && checksumOf(rest[0].content)) === entry.downChecksum
      : importsChecksumOf(rest) === entry.importsChecksum
  if (main && checksumOf(main.content) === entry.checksum && expected) return
  const why = main ? 'does not match its recorded checksum' : 'was not kept'
  throw new MigratorError('ARCHIVE_DAMAGED', `The file of ${entry.id} is gone, and its archived source ${why}.`, {
    details: { id: entry.id },
  })
}

/** The paths come out of a database: none may lead anywhere else. */
function refuseEscapes(sources: readonly SourceFile[]): void {
  const outside = sources.find(({ path }) => isAbsolute(path) || normalize(path).startsWith('..'))
  if (outside) throw new MigratorError('ARCHIVE_DAMAGED', `The archived path ${outside.path} leads out of its folder.`)
}

function namedBy(
  entry: HistoryEntry,
  [main]: readonly SourceFile[],
): Omit<Migration, 'up' | 'transactional' | 'sources'> {
  const { id, format, checksum, downChecksum, importsChecksum } = entry
  return { id, format, checksum, downChecksum, importsChecksum, path: main?.path ?? id }
}

function sqlMigration(entry: HistoryEntry, sources: readonly SourceFile[]): Migration {
  const [up, down] = sources
  const directives = readDirectives(up?.content ?? '')
  return {
    ...namedBy(entry, sources),
    transactional: entry.transactional,
    irreversible: directives.irreversible,
    up: { kind: 'sql', sql: scriptOf(up?.content ?? '', entry.transactional), file: up?.path ?? entry.id },
    down: down && { kind: 'sql', sql: scriptOf(down.content, entry.transactional), file: down.path },
    sources,
  }
}

/** The lock file was reviewed and committed; the sources are known to match the entry's checksums by now. */
function isCertified({ id, checksum, importsChecksum }: HistoryEntry, directory: string): boolean {
  const certificate = readLockFile(directory).get(id)
  return certificate?.checksum === checksum && certificate.importsChecksum === importsChecksum
}

/** git names a file by the SHA-1 of its content: if it has that object, the code was committed here. */
async function refuseUnknown(entry: HistoryEntry, sources: readonly SourceFile[], directory: string): Promise<void> {
  for (const source of sources) {
    const blob = Buffer.from(source.content, 'utf8')
    const name = createHash('sha1').update(`blob ${blob.length}\0`).update(blob).digest('hex')
    if (await gitHas(name, directory)) continue
    const shown = sources.map(({ path, content }) => `--- ${path}\n${content.trimEnd()}`).join('\n')
    const message = `The file of ${entry.id} is gone, and git does not know the code that the database keeps of it (${source.path}):\n${shown}`
    throw new MigratorError('ARCHIVE_UNTRUSTED', message, { details: { id: entry.id, path: source.path } })
  }
}

async function gitHas(blob: string, directory: string): Promise<boolean> {
  try {
    await promisify(execFile)('git', ['cat-file', '-e', `${blob}^{blob}`], { cwd: nearestFolder(directory) })
    return true
  } catch {
    // No git, no repository, or no such object: in each case nobody vouches for it.
    return false
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path))
}

/** Writes the sources to a temporary folder from which the project's packages can be imported as from the migrations directory. */
function unpack(sources: readonly SourceFile[], migrationsDirectory: string, temporary: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'migrator-archive-'))
  temporary.push(root)
  let directory = root
  for (const modules of nodeModulesAbove(resolve(migrationsDirectory))) {
    directory = join(directory, 'level')
    mkdirSync(directory)
    symlinkSync(modules, join(directory, 'node_modules'))
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n')
  for (const { path, content } of sources) {
    const file = resolve(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  return directory
}

/** Outermost first, so that the innermost one is found first from the deepest folder. */
function nodeModulesAbove(path: string): readonly string[] {
  const parent = dirname(path)
  const above = parent === path ? [] : nodeModulesAbove(parent)
  const own = join(path, 'node_modules')
  return existsSync(own) ? [...above, own] : above
}
