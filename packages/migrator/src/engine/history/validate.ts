import { type FileNote, fileNotes } from '../../core/file-note.ts'
import { type FileProblem, problemsIn } from '../../core/file-problem.ts'
import type { Migration, SourceFile } from '../../core/migration.ts'
import type { MigrationStatus, State } from '../../core/reconcile.ts'
import type { ScriptLanguage } from '../../ports/script-language.ts'
import { withSession } from '../run/begin.ts'
import type { Context, MigrationSet } from '../run/context.ts'
import { faultsOf } from '../run/prepare.ts'
import { readStates } from './states.ts'

export interface ValidateReport {
  readonly count: number
  readonly problems: readonly FileProblem[]
  readonly warnings: readonly FileProblem[]
  /** Not problems: what may change a file's checksum on another machine. */
  readonly notes: readonly FileNote[]
  /** The tool whose format the files have; undefined for this tool's own. */
  readonly tool: string | undefined
  /** Migrations without a down. */
  readonly irreversible: readonly string[]
  /** Applied migrations whose files have changed since; empty if no database was queried. */
  readonly drift: readonly MigrationStatus[]
  readonly database: 'checked' | 'not-asked'
}

/** Loads everything, modules included, and checks both directions of every SQL text. Executes no migration. */
export async function validateFiles(set: MigrationSet, script: ScriptLanguage | undefined): Promise<ValidateReport> {
  const problems = [...set.problems]
  const irreversible: string[] = []
  const sources: SourceFile[] = []
  const broken = new Set(problems.map(({ id }) => id))
  for (const file of set.files) {
    if (broken.has(file.id)) continue
    const loaded: Migration | FileProblem[] = await file.load().catch(problemsIn)
    if (Array.isArray(loaded)) problems.push(...loaded)
    else {
      problems.push(...(await faultsOf(script, loaded, loaded.up)), ...(await faultsOf(script, loaded, loaded.down)))
      sources.push(...loaded.sources)
      if (loaded.down === undefined) irreversible.push(loaded.id)
    }
  }
  const { tool, warnings = [], files } = set
  const notes = fileNotes(sources)
  return { count: files.length, problems, warnings, notes, tool, irreversible, drift: [], database: 'not-asked' }
}

/** The same, and compares with the history. Reads only. */
export async function validateWithHistory(context: Context, set: MigrationSet): Promise<ValidateReport> {
  const files = await validateFiles(set, context.database.script)
  const statuses = await withSession(context, (session) => readStates(context, session, set.files))
  return { ...files, drift: statuses.filter(({ state }) => DRIFTED.has(state)), database: 'checked' }
}

/** Where files and history differ. A file that a later release brought cannot be distinguished from one that was lost. */
export const DRIFTED: ReadonlySet<State> = new Set<State>(['changed', 'missing', 'ahead', 'dirty', 'out-of-order'])
