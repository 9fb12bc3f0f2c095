/**
 * Load: a migrations directory in, migrations out. Refuses by listing every problem; executes nothing but the
 * modules that are asked for. Knows no database.
 * This file: from a folder, in whichever tool's format, to its migrations.
 */
import type { FileProblem } from '../core/file-problem.ts'
import { compareIds, compareText, type MigrationFile, numberOf, orderOf } from '../core/migration.ts'
import type { ScriptText } from '../ports/script-language.ts'
import type { Draft, Listing, Recognised } from './formats/format.ts'
import { formatOf, otherToolOf } from './formats/index.ts'
import { listDirectory } from './fs-listing.ts'
import { moduleFile } from './module.ts'
import { recogniseNative } from './native.ts'
import { type SqlMigration, sqlMigration } from './sql-migration.ts'

export interface Directory {
  readonly path: string
  /** The tool whose format it is; undefined for this tool's own. */
  readonly tool?: string | undefined
  /** Ordered by id. Migrations with a problem are left out where they cannot be planned at all. */
  readonly files: readonly MigrationFile[]
  readonly problems: readonly FileProblem[]
  /** What an operator should know, and what stops nothing. */
  readonly warnings: readonly FileProblem[]
  /** The times that drizzle-kit's journal has for its migrations, by id. */
  readonly journal?: ReadonlyMap<string, number> | undefined
}

export interface DirectoryOptions {
  /** Refuse downs that are empty or only comments. Default false: such a migration counts as irreversible. */
  readonly strict?: boolean | undefined
}

/**
 * Reads a directory, without executing anything: this tool's own pairs and modules, or another tool's format, to which
 * own ones may have been added. Throws MIGRATIONS_DIRECTORY_MISSING.
 */
export function readDirectory(path: string, script: ScriptText, { strict = false }: DirectoryOptions = {}): Directory {
  const listing = listDirectory(path)
  const other = otherToolOf(listing)
  if (other) return refused(path, other.tool.name, other.file, other.tool.advice)
  const format = formatOf(listing)
  const foreign: Recognised = format?.read(listing) ?? { drafts: [] }
  const names = new Set(listing.files)
  const read = [
    ...foreign.drafts.map((draft) =>
      sqlMigration(path, script, withBeside(names, draft), { tool: format?.name, strict }),
    ),
    ...readNative(listing, script, foreign, strict),
  ]
  const order = foreign.isOrdered ? orderOf(foreign.drafts) : compareIds
  const files = read.flatMap(({ file }) => file ?? []).sort((a, b) => order(a.id, b.id))
  const problems = [
    ...(foreign.problems ?? []),
    ...read.flatMap((each) => each.problems),
    ...(foreign.duplicateNumbers === 'allowed' ? duplicateIds(files) : duplicateNumbers(files)),
    ...replacedFiles(files),
  ]
  return {
    path,
    tool: format?.name,
    files,
    problems: problems.sort((a, b) => compareText(a.path, b.path)),
    journal: foreign.journal,
    warnings: [...(foreign.warnings ?? []), ...read.flatMap(({ warnings }) => warnings)],
  }
}

function refused(path: string, tool: string, file: string, advice: string): Directory {
  const message = `${file}: this folder belongs to ${tool}, whose migrations cannot be loaded. ${advice}`
  return { path, tool, files: [], problems: [{ kind: 'other-tool', path: file, message }], warnings: [] }
}

/** A down or a seed that was written later, beside a migration whose format has no place for it. */
function withBeside(files: ReadonlySet<string>, draft: Draft): Draft {
  const [down, seed] = [`${draft.id}.down.sql`, `${draft.id}.seed.sql`]
  return {
    ...draft,
    ...(draft.down === undefined && files.has(down) ? { down: { path: down } } : {}),
    ...(files.has(seed) ? { seed: { path: seed } } : {}),
  }
}

function readNative(
  listing: Listing,
  script: ScriptText,
  { drafts, ignored = [] }: Recognised,
  strict: boolean,
): readonly SqlMigration[] {
  const taken = new Set([...ignored, ...drafts.flatMap(({ up, down }) => [up.path, down?.path ?? up.path])])
  const names = listing.files.filter((name) => !taken.has(name))
  const { modules, pairs, problems } = recogniseNative(names, new Set(drafts.map(({ id }) => id)))
  return [
    { problems, warnings: [] },
    ...modules.map(({ id, name }) => ({ ...moduleFile(listing.path, id, name), warnings: [] })),
    ...pairs.map((pair) => sqlMigration(listing.path, script, pair, { strict })),
  ]
}

function duplicateNumbers(files: readonly MigrationFile[]): readonly FileProblem[] {
  return files.flatMap((file, index) => {
    const previous = files[index - 1]
    const number = numberOf(file.id)
    if (!previous || number === undefined || numberOf(previous.id) !== number) return []
    const message = `${previous.path} and ${file.path} have the same number, ${number}; renumber the one that is not applied anywhere.`
    return [{ kind: 'duplicate-number', id: file.id, path: file.path, message }]
  })
}

function replacedFiles(files: readonly MigrationFile[]): readonly FileProblem[] {
  const present = new Set(files.map(({ id }) => id))
  return files.flatMap(({ id, path, replaces = [] }) => {
    const there = replaces.filter((each) => present.has(each))
    if (there.length === 0) return []
    const message = `${path} replaces ${there.join(', ')}; move or delete the replaced files.`
    return [{ kind: 'replaced-file', id, path, message }]
  })
}

function duplicateIds(files: readonly MigrationFile[]): readonly FileProblem[] {
  return files.flatMap(({ id, path }, index) => {
    const previous = files[index - 1]
    if (previous?.id !== id) return []
    return [{ kind: 'duplicate-id', id, path, message: `${previous.path} and ${path} have the same id, ${id}.` }]
  })
}
