import { codeFrame } from '../../core/code-frame.ts'
import { type FileProblem, invalidFiles, problemsIn } from '../../core/file-problem.ts'
import type { Action, Migration } from '../../core/migration.ts'
import { irreversible, type Plan, type Problem, type Step } from '../../core/plan.ts'
import { sentence } from '../../core/sentence.ts'
import { errorTable, MigratorError } from '../../errors.ts'
import type { ScriptLanguage, ScriptProblem } from '../../ports/script-language.ts'
import type { Session } from '../../ports/session.ts'
import type { Context } from './context.ts'
import type { OnUnusableArchive, ReadyStep } from './types.ts'

/** Throws once for all problems of a plan, with the code of the first. */
export function refusePlan({ problems }: Pick<Plan, 'problems'>): void {
  const [first] = problems
  if (!first) return
  const message = problems.map((problem) => sentence(problem.message)).join('\n')
  throw new MigratorError(first.code, message, { ...hintOf(problems), details: { problems } })
}

/** --force drops the record where the archived source can't be run; nothing else is forced. */
function droppedOr(error: unknown, onUnusable: OnUnusableArchive): 'record' {
  const unusable =
    error instanceof MigratorError && (error.code === 'ARCHIVE_DAMAGED' || error.code === 'ARCHIVE_UNTRUSTED')
  if (unusable && onUnusable === 'drop-record') return 'record'
  throw error
}

/** The first problem that says what to do, with its own id in it. */
function hintOf(problems: readonly Problem[]): { hint?: string } {
  const first = problems.find(({ hint }) => hint !== undefined) ?? problems[0]
  if (!first) return {}
  const hint = first.hint ?? errorTable[first.code].hint
  return { hint: first.id === undefined ? hint : hint.replace(/\bID\b/g, first.id) }
}

/**
 * Loads what the steps run: files, or sources from the archive. Rejects, before anything has run, with
 * MIGRATION_FILES_INVALID for all files that do not load or hold what can't be run, with MIGRATION_IRREVERSIBLE for steps
 * down without a `down`, and with what the archive refuses.
 */
export async function prepareSteps(
  context: Context,
  on: Session,
  steps: readonly Step[],
  onUnusable: OnUnusableArchive = 'stop',
): Promise<readonly ReadyStep[]> {
  const { script } = context.database
  const ready: ReadyStep[] = []
  const problems: FileProblem[] = []
  for (const step of steps) {
    const found = await loadStep(context, on, step, problems).catch((error: unknown) => droppedOr(error, onUnusable))
    if (found === 'record') {
      ready.push({ ...step, by: 'record' })
      continue
    }
    const loaded = found && asItRuns(context, found)
    if (loaded) problems.push(...(await unrunnable(script, loaded, step.direction === 'up' ? loaded.up : loaded.down)))
    ready.push({ ...step, migration: loaded })
  }
  if (problems.length > 0) throw invalidFiles(problems)
  refusePlan({
    problems: ready.filter(lacksDown).map(({ id, migration }) => irreversible(id, migration?.irreversible)),
  })
  return ready
}

/** Where a rollback does not roll back all that a step does, no step runs in a transaction, whatever its file says. */
function asItRuns({ database: { capabilities } }: Context, migration: Migration): Migration {
  if (capabilities.atomic === 'schema-and-data' || !migration.transactional) return migration
  return { ...migration, transactional: false }
}

/** What the history holds to be reversible may have lost its down since. A recovery judges that itself. */
function lacksDown({ direction, by, migration }: ReadyStep): boolean {
  return direction === 'down' && by !== 'recovery' && migration !== undefined && migration.down === undefined
}

async function loadStep(
  { archive, store }: Context,
  on: Session,
  step: Step,
  problems: FileProblem[],
): Promise<Migration | undefined> {
  if (step.by === 'record') return undefined
  if (step.file && step.by !== 'archive') {
    return step.file.load().catch((error: unknown) => {
      problems.push(...problemsIn(error))
      return undefined
    })
  }
  if (!step.entry) throw new Error(`step ${step.id} has neither file nor entry`)
  return archive.load(step.entry, await store.sources(on, step.id))
}

/** What can be determined about a script without running it. */
export async function unrunnable(
  script: ScriptLanguage | undefined,
  migration: Migration,
  action: Action | undefined,
): Promise<readonly FileProblem[]> {
  if (action?.kind !== 'sql') return []
  const known = looked.get(action) ?? look(script, migration, action)
  looked.set(action, known)
  return known
}

/** A run comes to the same text before the lock, under it, and once for each direction: it is looked through once. */
const looked = new WeakMap<Action, Promise<readonly FileProblem[]>>()

async function look(
  script: ScriptLanguage | undefined,
  { id, transactional }: Migration,
  { sql, file }: Action & { kind: 'sql' },
): Promise<readonly FileProblem[]> {
  if (!script) return [{ kind: 'unsupported', id, path: file, message: `${file}: ${MODULES_ONLY}` }]
  return named({ id, file, sql }, await script.problems(sql, transactional ? 'transaction' : 'no-transaction'))
}

/** The same, plus what parsing it reveals, which takes longer. */
export async function faultsOf(
  script: ScriptLanguage | undefined,
  migration: Migration,
  action: Action | undefined,
): Promise<readonly FileProblem[]> {
  if (action?.kind !== 'sql' || !script) return unrunnable(script, migration, action)
  const within = migration.transactional ? 'transaction' : 'no-transaction'
  return named({ id: migration.id, ...action }, await script.faults(action.sql, within))
}

function named(
  { id, file, sql }: { readonly id: string; readonly file: string; readonly sql: string },
  problems: readonly ScriptProblem[],
): readonly FileProblem[] {
  return problems.map(({ message, line, column }) => ({
    ...{ kind: 'forbidden-statement', id, path: file, line, column },
    message: `${file}:${line}:${column}: ${message}.`,
    frame: codeFrame(sql, line, column),
  }))
}

const MODULES_ONLY = 'this database does not run scripts; write the migration as a module'
