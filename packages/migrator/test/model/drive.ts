import { setTimeout as pause } from 'node:timers/promises'
import { type ErrorCode, loadMigrations, MigrationRunner, MigratorError, PostgresAdapter } from '../../src/index.ts'
import type { Document, Project, Running } from '../support/cli.ts'
import { idAt } from './model.ts'
import type { Command, Kind } from './scenario.ts'

/** Shorter than the default, so that a run whose wire fell silent ends soon. */
export const LIVENESS_MS = 10_000

/** What a command told when it ended. */
export interface Told {
  readonly exit: number
  readonly code: string | undefined
  readonly message: string
  readonly runId: string | undefined
  /** Absent where it told of no steps: it was refused, or gave up before. */
  readonly steps: readonly { readonly id: string; readonly status: string; readonly dirty: boolean }[] | undefined
  readonly recovered: readonly string[]
}

export type Outcome =
  | { readonly kind: 'told'; readonly told: Told }
  | { readonly kind: 'hung' }
  | { readonly kind: 'killed' }
  /** It ended, but not as a command may. */
  | { readonly kind: 'broken'; readonly why: string }

/** A command that is under way. */
export interface Drive {
  readonly outcome: Promise<Outcome>
  /** As `kill -9` does; resolves when the process is gone. */
  kill(): Promise<void>
}

export function throughLibrary(url: string, project: Project, kinds: readonly Kind[], command: Command): Drive {
  const adapter = new PostgresAdapter({ connectionString: url, livenessTimeoutMs: LIVENESS_MS })
  const runner = new MigrationRunner({ adapter, migrationsDirectory: project.migrations, operator: {}, onWarning() {} })
  const work = async (): Promise<Outcome> => {
    try {
      const report = await call(runner, project, kinds, command)
      return { kind: 'told', told: toldBy(report) }
    } catch (error) {
      return refusalOf(error)
    } finally {
      await adapter.close()
    }
  }
  return {
    outcome: work(),
    kill: () => Promise.reject(new Error('only a process can be killed')),
  }
}

async function call(runner: MigrationRunner, { migrations }: Project, kinds: readonly Kind[], command: Command) {
  const files = await loadMigrations(migrations)
  if (command.kind === 'migrate') {
    const { steps, target, how } = command
    const upTo = target === undefined ? undefined : ({ kind: 'id', id: idAt(kinds, target) } as const)
    const count = steps === undefined ? undefined : ({ kind: 'count', count: steps } as const)
    return runner.apply(files, { ...how, target: upTo ?? count ?? { kind: 'latest' } })
  }
  const { steps = 1, target, all, how } = command
  const downTo = target === undefined ? undefined : ({ kind: 'id', id: idAt(kinds, target) } as const)
  const empty = all ? ({ kind: 'empty' } as const) : undefined
  return runner.rollback(files, {
    ...how,
    force: all ?? false,
    target: downTo ?? empty ?? { kind: 'count', count: steps },
  })
}

function toldBy({ results, recovered, error, runId }: Awaited<ReturnType<MigrationRunner['apply']>>): Told {
  return {
    exit: error?.exitCode ?? 0,
    code: error?.code,
    message: error?.message ?? '',
    runId,
    recovered,
    steps: results.map((result) => ({
      id: result.step.id,
      status: result.status,
      dirty: result.status === 'failed' && result.error.details.dirty === true,
    })),
  }
}

function refusalOf(error: unknown): Outcome {
  if (!(error instanceof MigratorError)) return { kind: 'broken', why: `a bug: ${(error as Error).stack ?? error}` }
  const { exitCode, code, message } = error
  return { kind: 'told', told: { exit: exitCode, code, message, runId: undefined, steps: undefined, recovered: [] } }
}

export function throughProgram(url: string, project: Project, kinds: readonly Kind[], command: Command): Drive {
  const running = project.start([...wordsOf(kinds, command), '--json'], { DATABASE_URL: url })
  return {
    outcome: running.finished.then(({ code, signal, stdout, stderr }): Outcome => {
      if (signal === 'SIGKILL') return { kind: 'killed' }
      try {
        return { kind: 'told', told: toldIn(JSON.parse(stdout) as Document, code) }
      } catch (error) {
        return { kind: 'broken', why: `exit ${code}, signal ${signal}, ${error}: ${stdout}${stderr}` }
      }
    }),
    kill: () => killed(running),
  }
}

async function killed(running: Running): Promise<void> {
  running.process.kill('SIGKILL')
  await running.finished
}

export function wordsOf(kinds: readonly Kind[], command: Command): readonly string[] {
  const { steps, target, how } = command
  const all = command.kind === 'rollback' && command.all ? ['--all', '--force'] : []
  return [
    command.kind,
    ...all,
    ...(steps === undefined ? [] : ['--steps', String(steps)]),
    ...(target === undefined ? [] : ['--target', idAt(kinds, target)]),
    ...(how.transaction ? ['--transaction', how.transaction] : []),
    ...(how.onFailure && command.kind === 'migrate' ? ['--on-failure', how.onFailure] : []),
  ]
}

function toldIn({ error, runId, steps, recovered }: Partial<Document>, exit: number | null): Told {
  if (error && exit !== error.exitCode) throw new Error(`exit ${exit}, but its document says ${error.exitCode}`)
  if (!error && exit !== 0) throw new Error(`exit ${exit} without an error`)
  return {
    exit: exit ?? -1,
    code: error?.code,
    message: error?.message ?? '',
    runId,
    recovered: recovered ?? [],
    steps: steps?.map(({ id, status, error: why }) => ({
      id,
      status,
      dirty: (why as { dirty?: boolean } | undefined)?.dirty === true,
    })),
  }
}

/** Its outcome, or that it hangs; what hangs is killed where it can be. */
export async function within(limitMs: number, { outcome, kill }: Drive): Promise<Outcome> {
  const gaveUp = new AbortController()
  const hung = pause(limitMs, { kind: 'hung' } as const, { signal: gaveUp.signal }).catch(
    () => ({ kind: 'hung' }) as const,
  )
  const first = await Promise.race([outcome, hung])
  gaveUp.abort()
  if (first.kind === 'hung') await kill().catch(() => undefined)
  return first
}

export type { ErrorCode }
