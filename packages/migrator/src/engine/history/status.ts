import { type FileProblem, problemsIn } from '../../core/file-problem.ts'
import type { Migration } from '../../core/migration.ts'
import { type MigrationStatus, STATES, type State } from '../../core/reconcile.ts'
import type { Session } from '../../ports/session.ts'
import { withSession } from '../run/begin.ts'
import type { Context, MigrationSet } from '../run/context.ts'
import { readStates } from './states.ts'

export interface StatusReport {
  readonly migrations: readonly MigrationStatus[]
  readonly summary: Readonly<Record<State, number>>
  readonly problems: readonly FileProblem[]
}

/** Where every migration stands. Reads only; creates nothing and takes no lock. `also` reads on the same session. */
export async function status(
  context: Context,
  set: MigrationSet,
  also: (session: Session) => Promise<unknown> = async () => {},
): Promise<StatusReport> {
  const migrations = await withSession(context, async (session) => {
    const states = await readStates(context, session, set.files)
    await also(session)
    return states
  })
  const broken = new Set(set.problems.map(({ id }) => id))
  const loadProblems = await problemsOfPending(migrations.filter(({ id, entry }) => !entry && !broken.has(id)))
  return { migrations, summary: countStates(migrations), problems: [...set.problems, ...loadProblems] }
}

export function countStates(migrations: readonly MigrationStatus[]): Readonly<Record<State, number>> {
  const summary = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>
  for (const { state } of migrations) summary[state]++
  return summary
}

/** Modules that are pending are imported, because only then it shows whether they load. */
async function problemsOfPending(pending: readonly MigrationStatus[]): Promise<readonly FileProblem[]> {
  const problems: FileProblem[] = []
  for (const { file } of pending) {
    if (file?.format !== 'module') continue
    const loaded: Migration | FileProblem[] = await file.load().catch(problemsIn)
    if (Array.isArray(loaded)) problems.push(...loaded)
  }
  return problems
}
