import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { HistoryEntry } from '../core/history.ts'
import type { Migration, SourceFile } from '../core/migration.ts'
import { MigratorError } from '../errors.ts'
import type { Archive } from '../ports/archive.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { refusalOf, repeatedPath } from './archive-path.ts'
import { checksumOf } from './checksum.ts'
import { readDirectives } from './directives.ts'
import { sectionsOf } from './formats/index.ts'
import { importsChecksumOf } from './local-imports.ts'
import { readLockFile } from './lock-file.ts'
import { loadModule } from './module.ts'
import { sectionChecksum } from './sql-migration.ts'

export interface ArchiveOptions {
  readonly migrationsDirectory: string
  /** `shown`: the operator was shown the source and vouches for it. */
  readonly accept: 'repository' | 'shown'
  /** How scripts are read. */
  readonly script: ScriptText
}

/**
 * Migrations from the sources that the history keeps. SQL runs as SQL. A module's code comes out of a database, so it
 * runs only when the repository knows it byte for byte (by migrations.lock.json, or as a file in git), or the operator
 * vouches for it.
 */
export function createArchive({
  migrationsDirectory,
  accept,
  script,
}: ArchiveOptions): Archive & { dispose(): Promise<void> } {
  const temporary: string[] = []
  return {
    verify: refuseDamaged,
    async load(entry, sources) {
      refuseDamaged(entry, sources)
      if (entry.format === 'sql') return archivedMigration(entry, sources, script)
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
  const intact =
    entry.format === 'sql'
      ? scriptsOf(entry, sources) !== undefined
      : main && checksumOf(main.content) === entry.checksum && importsChecksumOf(rest) === entry.importsChecksum
  if (intact) return
  const why = main ? 'does not match its recorded checksum' : 'was not kept'
  throw new MigratorError('ARCHIVE_DAMAGED', `The file of ${entry.id} is gone, and its archived source ${why}.`, {
    details: { id: entry.id },
  })
}

/** Up and down of an SQL migration, from a file each or from one with both; undefined unless they are what was recorded. */
function scriptsOf(
  { checksum, downChecksum }: HistoryEntry,
  [main, second]: readonly SourceFile[],
): { up: SourceFile; down: SourceFile | undefined } | undefined {
  if (!main) return undefined
  if (checksumOf(main.content) === checksum && (second && checksumOf(second.content)) === downChecksum)
    return { up: main, down: second }
  const sections = second === undefined ? sectionsOf(main.content) : undefined
  if (!sections || sectionChecksum(sections.up) !== checksum) return undefined
  const down = downChecksum === undefined || sections.down === undefined ? undefined : sections.down
  if ((down && sectionChecksum(down)) !== downChecksum) return undefined
  return {
    up: { path: main.path, content: sections.up },
    down: down === undefined ? undefined : { path: main.path, content: down },
  }
}

/** The paths come out of a database: none may lead anywhere else. */
function refuseEscapes(sources: readonly SourceFile[]): void {
  const paths = sources.map(({ path }) => path)
  const repeated = repeatedPath(paths)
  if (repeated !== undefined) throw refusedPath(repeated, 'is there twice')
  for (const path of paths) {
    const why = refusalOf(path)
    if (why !== undefined) throw refusedPath(path, why)
  }
}

function refusedPath(path: string, why: string): MigratorError {
  return new MigratorError('ARCHIVE_DAMAGED', `The archived path ${JSON.stringify(path)} ${why}.`, {
    details: { path },
  })
}

function namedBy(
  entry: HistoryEntry,
  [main]: readonly SourceFile[],
): Omit<Migration, 'up' | 'transactional' | 'sources'> {
  const { id, format, checksum, downChecksum, importsChecksum } = entry
  return { id, format, checksum, downChecksum, importsChecksum, path: main?.path ?? id }
}

function archivedMigration(entry: HistoryEntry, sources: readonly SourceFile[], script: ScriptText): Migration {
  const { up, down } = scriptsOf(entry, sources) ?? { up: { path: entry.id, content: '' }, down: undefined }
  const action = ({ path, content }: SourceFile) =>
    ({ kind: 'sql', sql: script.body(content, entry.transactional), file: path }) as const
  return {
    ...namedBy(entry, sources),
    transactional: entry.transactional,
    irreversible: readDirectives(script.header(up.content)).irreversible ?? entry.irreversible,
    up: action(up),
    down: down && action(down),
    sources,
  }
}

/** The lock file was reviewed and committed; the sources are known to match the entry's checksums. */
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
    const message = `The file of ${entry.id} is gone, and git does not know the archived code (${source.path}):\n${shown}`
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
  for (const { path, content } of sources) writeInside(directory, path, content)
  return directory
}

/** The folder is our own and new, so nothing is there to be followed or overwritten; this makes it so in any case. */
function writeInside(directory: string, path: string, content: string): void {
  const file = join(directory, path)
  mkdirSync(dirname(file), { recursive: true })
  const real = relative(realpathSync(directory), realpathSync(dirname(file)))
  if (real.startsWith('..') || isAbsolute(real)) throw refusedPath(path, 'leads out of its folder')
  writeFileSync(file, content, { flag: 'wx' })
}

/** Outermost first, so that the innermost one is found first from the deepest folder. */
function nodeModulesAbove(path: string): readonly string[] {
  const parent = dirname(path)
  const above = parent === path ? [] : nodeModulesAbove(parent)
  const own = join(path, 'node_modules')
  return existsSync(own) ? [...above, own] : above
}
