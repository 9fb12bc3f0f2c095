import { randomUUID } from 'node:crypto'
import { systemClock } from '../clock.ts'
import { harmlessly, textOfError } from '../core/harmless.ts'
import { once } from '../core/once.ts'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import type { Context } from '../engine/run/context.ts'
import { createArchive } from '../load/archive.ts'
import { readOperator } from '../operator.ts'
import type { Database } from '../ports/database.ts'
import type { EventSink } from '../ports/events.ts'
import { fanOut, lazyLog, patiently } from '../report/fan-out.ts'
import { jsonLinesSink } from '../report/json-lines.ts'
import { toolVersion } from '../version.ts'
import { connectionsOf } from './connections.ts'
import type { CallOptions, MigrationRunnerOptions } from './options.ts'
import { type ScratchPlace, withScratchServer } from './scratch.ts'
import { spoken } from './spoken.ts'

interface OfCall extends CallOptions {
  readonly acceptArchived?: boolean | undefined
  /** The directory of the call's migrations. */
  readonly directory?: string | undefined
}

/** One call: its connections, its log and its archive are made for it, and are gone when it settles. */
export async function inCall<T>(
  runner: MigrationRunnerOptions,
  { onProgress, signal, acceptArchived, directory = runner.migrationsDirectory ?? process.cwd() }: OfCall,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const { adapter, scratchUrl } = runner
  const warn = warningsOf(runner)
  const store = runner.stateStore ?? adapter.historyStore
  const { database, close } = connectionsOf(adapter)
  const archive = createArchive({
    migrationsDirectory: directory,
    accept: acceptArchived ? 'shown' : 'repository',
    script: adapter.script ?? postgresScript,
  })
  const operator = once(async () => runner.operator ?? readOperator({}, process.cwd()))
  const open = store.commitsWithStep ? database.log : undefined
  const log = open && lazyLog(async () => open(await operator(), warn), warn)
  const file = runner.logFile === undefined ? [] : [jsonLinesSink(runner.logFile, operator, warn)]
  const events = fanOut([...(log ? [log] : []), ...file, ...listeners(runner, onProgress)], warn)
  const stop = signal ?? new AbortController().signal
  const context: Context = {
    database,
    store,
    events,
    clock: systemClock,
    archive,
    runId: randomUUID(),
    operator,
    toolVersion,
    signal: stop,
    withScratch:
      scratchUrl === undefined || !adapter.capabilities.rehearsal
        ? undefined
        : (use) => withScratchServer(scratchPlace(scratchUrl, adapter, stop), use),
  }
  try {
    const made = await work(context)
    if (typeof made === 'object' && made !== null && 'error' in made) spoken(made.error)
    return made
  } catch (error) {
    throw spoken(error)
  } finally {
    await events.flush()
    await log?.close()
    // What can't be closed must not hide what became of the call.
    for (const end of [close, archive.dispose])
      await patiently(end, (error) => warn(`Not closed: ${textOfError(error)}`))
  }
}

function scratchPlace(url: string, live: Database, signal: AbortSignal): ScratchPlace {
  const { historyTable, connectionString } = live.address?.() ?? {}
  return { url, from: 'scratchUrl', live: connectionString, historyTable, signal }
}

function listeners(
  { sinks = [] }: MigrationRunnerOptions,
  onProgress: CallOptions['onProgress'],
): readonly EventSink[] {
  return onProgress ? [...sinks, { emit: onProgress, flush: async () => {} }] : sinks
}

function warningsOf({ onWarning = (message) => process.emitWarning(message) }: MigrationRunnerOptions) {
  const onFailure = (error: unknown) => process.emitWarning(`onWarning failed: ${textOfError(error)}`)
  return (message: string): void => harmlessly(() => onWarning(message), onFailure)
}
