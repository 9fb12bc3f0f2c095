import type { FileProblem } from '../core/file-problem.ts'
import type { Migration, MigrationFile, SourceFile } from '../core/migration.ts'
import { once } from '../core/once.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { checksumOf } from './checksum.ts'
import { readDirectives } from './directives.ts'
import type { Draft, Part } from './formats/format.ts'
import { rewritingOf } from './rewriting.ts'
import { isProblem, readSource } from './source.ts'

/** How to judge what is missing. */
export interface SqlRules {
  /** The tool whose format it is; undefined for this tool's own pairs, which must have a down. */
  readonly tool?: string | undefined
  /** Refuse a down that is empty, or only a comment, instead of taking the migration for irreversible. */
  readonly strict: boolean
}

export interface SqlMigration {
  readonly file?: MigrationFile
  readonly problems: readonly FileProblem[]
  readonly warnings: readonly FileProblem[]
}

/** A migration in SQL. Its files are read whole at once; nothing is executed. */
export function sqlMigration(directory: string, language: ScriptText, draft: Draft, rules: SqlRules): SqlMigration {
  const read = (part: Part | undefined) => (part === undefined ? undefined : readScript(directory, part))
  const [up, down, seed] = [readScript(directory, draft.up), read(draft.down), read(draft.seed)]
  const unreadable = [up, down, seed].filter((part): part is FileProblem => part !== undefined && 'kind' in part)
  const [first] = unreadable
  if (first || 'kind' in up) return { problems: [{ ...(first ?? (up as FileProblem)), id: draft.id }], warnings: [] }
  const scripts = { up, down: down as Script | undefined, seed: seed as Script | undefined }
  const judged = judge(draft, scripts, rules, language)
  return {
    file: fileOf(draft, scripts, judged.irreversible, language),
    problems: judged.problems,
    warnings: judged.warnings,
  }
}

interface Script {
  readonly path: string
  readonly text: string
  readonly checksum: string
  readonly source: SourceFile
}

interface Scripts {
  readonly up: Script
  readonly down: Script | undefined
  readonly seed: Script | undefined
}

function readScript(directory: string, { path, section }: Part): Script | FileProblem {
  const source = readSource(directory, path)
  if (isProblem(source)) return source
  const text = section ?? source.text
  const checksum = section === undefined ? checksumOf(source.bytes) : sectionChecksum(section)
  return { path, text, checksum, source: { path, content: source.text } }
}

/** Of the section alone: an edited down is no edit of what was applied. */
export function sectionChecksum(section: string): string {
  return checksumOf(section.trim())
}

/** The mark of sqlx for a migration outside a transaction. */
const NO_TRANSACTION = /^\uFEFF?\s*--\s*no-transaction\b/

function fileOf(draft: Draft, scripts: Scripts, irreversible: string | undefined, language: ScriptText): MigrationFile {
  const { up, seed } = scripts
  const down = isEmpty(scripts.down, language) ? undefined : scripts.down
  const named = {
    id: draft.id,
    format: 'sql' as const,
    checksum: up.checksum,
    downChecksum: down?.checksum,
    path: up.path,
    replaces: readDirectives(language.header(up.text)).replaces,
  }
  const load = async (): Promise<Migration> => {
    const directives = readDirectives(language.header(up.text))
    const transactional =
      draft.transactional !== false &&
      !NO_TRANSACTION.test(up.text) &&
      directives.transactional &&
      (down ? readDirectives(language.header(down.text)).transactional : true)
    const sources = down && down.path !== up.path ? [up.source, down.source] : [up.source]
    return {
      ...named,
      description: directives.description,
      transactional,
      irreversible: directives.irreversible ?? irreversible,
      up: { kind: 'sql', sql: language.body(up.text, transactional), file: up.path },
      down: down && { kind: 'sql', sql: language.body(down.text, transactional), file: down.path },
      seed: seed && { kind: 'sql', sql: language.body(seed.text, false), file: seed.path },
      sources,
    }
  }
  return { ...named, rewritten: (checksum) => rewritingOf(up.text, checksum), load: once(load) }
}

interface Judged {
  readonly problems: readonly FileProblem[]
  readonly warnings: readonly FileProblem[]
  readonly irreversible?: string
}

function judge(draft: Draft, { up, down, seed }: Scripts, { tool, strict }: SqlRules, language: ScriptText): Judged {
  const { id } = draft
  const directives = readDirectives(language.header(up.text))
  const problems = [
    ...directives.problems.map((text) => invalidOption(id, up.path, text)),
    ...(down ? readDirectives(language.header(down.text)).problems : []).map((text) =>
      invalidOption(id, down?.path ?? up.path, text),
    ),
  ]
  const warnings: FileProblem[] = []
  if (isEmpty(up, language)) (tool === undefined ? problems : warnings).push(empty(id, up.path))
  if (seed && language.isBlank(seed.text)) problems.push(empty(id, seed.path))
  if (down && !isEmpty(down, language)) return { problems, warnings }
  if (down && strict) return { problems: [...problems, empty(id, down.path)], warnings }
  if (down && directives.irreversible === undefined) warnings.push(emptyDown(id, down.path))
  if (!down && tool === undefined && directives.irreversible === undefined) problems.push(missingDown(id, up.path))
  return { problems, warnings, irreversible: down ? EMPTY_DOWN : noDown(draft) }
}

const EMPTY_DOWN = 'its down is empty'

function noDown({ id, downBelongsIn }: Draft): string {
  return `it has no down; write one as ${downBelongsIn ?? `${id}.down.sql`}`
}

function isEmpty(script: Script | undefined, language: ScriptText): boolean {
  return script !== undefined && language.isBlank(language.body(script.text, true))
}

function invalidOption(id: string, path: string, text: string): FileProblem {
  return { kind: 'invalid-option', id, path, message: `${path}: ${text}` }
}

function empty(id: string, path: string): FileProblem {
  return { kind: 'empty', id, path, message: `Migration ${id} is empty` }
}

function emptyDown(id: string, path: string): FileProblem {
  return { kind: 'empty-down', id, path, message: `${path} has an empty down: ${id} counts as irreversible` }
}

function missingDown(id: string, path: string): FileProblem {
  const message = `${path} has no ${id}.down.sql; write it, or state why it has none: -- migrator: irreversible="…"`
  return { kind: 'missing-down', id, path, message }
}
