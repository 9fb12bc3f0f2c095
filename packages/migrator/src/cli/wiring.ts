/**
 * CLI: the only place where adapters meet operations. Commands parse, wire, call one operation, and report.
 * This file: everything one command needs, from flags, environment and configuration, in this order.
 */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Operator } from '../core/history.ts'
import { once } from '../core/once.ts'
import { withDefaults } from '../core/options.ts'
import { withoutStop } from '../core/sentence.ts'
import { PostgresAdapter } from '../dialects/postgres/adapter.ts'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import { protectionOf } from '../engine/protection/protection.ts'
import { type Context, defaultRunOptions, emit, type RunOptions } from '../engine/run/context.ts'
import { createArchive } from '../load/archive.ts'
import { nameOfUser, readOperator } from '../operator.ts'
import type { EventSink, RunEvent } from '../ports/events.ts'
import type { Protection } from '../ports/protection.ts'
import type { Session } from '../ports/session.ts'
import { fanOut, lazyLog, onlyBackups } from '../report/fan-out.ts'
import { jsonLinesSink } from '../report/json-lines.ts'
import { terminalSink } from '../report/terminal.ts'
import { toolVersion } from '../version.ts'
import type { CliEnvironment, CommandContext, DatabaseContext } from './command-context.ts'
import type { LocatedConfig } from './config.ts'
import { databaseOf } from './database.ts'
import { migrationsDirectoryOf, readMigrationSet } from './migration-set.ts'
import type { CommonFlags, RunFlags } from './options.ts'
import { withScratch } from './scratch.ts'
import type { ScratchFlags } from './scratch-options.ts'
import { invalid, readDuration, readNumber } from './values.ts'

type ContextFlags = CommonFlags & ScratchFlags & { acceptArchived?: boolean; livenessTimeout?: string }

/** Reads the files first, so that a wrong folder is reported before a server is started. */
export async function createCommandContext(flags: ContextFlags, environment: CliEnvironment): Promise<CommandContext> {
  const set = readMigrationSet(flags, environment)
  return { ...(await createDatabaseContext(flags, environment)), set }
}

export async function createDatabaseContext(
  flags: ContextFlags,
  environment: CliEnvironment,
): Promise<DatabaseContext> {
  const { env, config, output, signal } = environment
  const migrationsDirectory = migrationsDirectoryOf(flags, environment)
  const named = await databaseOf(flags, environment)
  const { connectionString } = named
  const runId = randomUUID()
  const context: { current?: Context } = {}
  const livenessTimeoutMs = readDuration('liveness-timeout', flags.livenessTimeout) ?? config.config.livenessTimeoutMs
  const database = new PostgresAdapter({
    ...named,
    ...(livenessTimeoutMs === undefined ? {} : { livenessTimeoutMs }),
    applicationName: `${env.user ?? nameOfUser() ?? 'someone'}`,
    onNotice: (message) => context.current && emit(context.current, { kind: 'notice', level: 'debug', message }),
    ...(config.config.historyTable === undefined ? {} : { historyTable: config.config.historyTable }),
    ...(config.config.backups?.schema === undefined ? {} : { archiveSchema: config.config.backups.schema }),
    ...(config.config.preservedSchema === undefined ? {} : { preservedSchema: config.config.preservedSchema }),
  })
  for (const notice of database.connectionParameters.notices) output.warn(notice)
  const archive = createArchive({
    migrationsDirectory,
    accept: flags.acceptArchived ? 'shown' : 'repository',
    script: postgresScript,
  })
  const operator = once(() => readOperator(env, config.directory))
  const logTable = lazyLog(async () => database.log(await operator(), output.warn), output.warn)
  const { location } = database
  output.doing(`Working on ${location.database} at ${location.host}:${location.port}`)
  const progress = terminalSink(
    env.movesCursor ? process.stderr : linesOnly(process.stderr),
    output.progressStyle,
    output.speak,
  )
  const shown = output.json ? onlyBackups(progress) : progress
  const events = fanOut(
    [environment.underway, saying(output.doing), shown, ...logFileSinks(environment, operator), logTable],
    output.warn,
  )
  context.current = {
    database,
    store: database.historyStore,
    events,
    clock: systemClock,
    archive,
    runId,
    operator,
    toolVersion,
    signal,
    withScratch: (work) => withScratch(flags, environment, connectionString, work),
  }
  return {
    ...environment,
    context: context.current,
    database,
    connectionString,
    migrationsDirectory,
    protection: once(async (on?: Session) => {
      const rules = { setting: config.config.protected, production: env.production }
      const protection = await protectionOf(database, rules, on)
      if (protection.mark && protection.by !== 'mark') output.warn(foreignMark(protection))
      return protection
    }),
    runId,
    async close() {
      await events.flush()
      await logTable.close()
      await database.close()
      await archive.dispose()
    },
  }
}

/** What a run has begun is what the command is doing. */
function saying(doing: (text: string) => void): EventSink {
  return {
    emit: ({ kind, message }) => (BEGUN.has(kind) ? doing(withoutStop(message)) : undefined),
    flush: async () => {},
  }
}

const BEGUN = new Set<RunEvent['kind']>(['run-started', 'lock-waiting', 'recovery-started', 'backup-started'])

function linesOnly(stream: NodeJS.WriteStream): { write(text: string): unknown } {
  return { write: (text) => stream.write(text) }
}

/** Nobody has to wonder why a copy is not protected. */
function foreignMark({ mark, database }: Protection): string {
  return `The protection mark names the database "${mark?.database}", not "${database}", and is ignored. db:protect marks this one; db:protect --remove removes it.`
}

/** A run needs no scratch database; showing what it would do may. */
export function refuseIdleScratch({ scratchUrl, dryRun }: RunFlags): void {
  if (scratchUrl !== undefined && !dryRun) throw invalid('--scratch-url belongs to --dry-run.')
}

/** The options of a run: flags before configuration before defaults. */
export function runOptionsOf(flags: RunFlags, { config }: LocatedConfig): RunOptions {
  const { lockTimeoutMs, statementTimeoutMs, lockRetries, lockWaitMs } = withDefaults(defaultRunOptions, config)
  return {
    ...defaultRunOptions,
    lockTimeoutMs: readDuration('lock-timeout', flags.lockTimeout) ?? lockTimeoutMs,
    statementTimeoutMs: readDuration('statement-timeout', flags.statementTimeout) ?? statementTimeoutMs,
    lockRetries: readNumber('lock-retries', flags.lockRetries) ?? lockRetries,
    lockWaitMs: readDuration('lock-wait', flags.lockWait) ?? lockWaitMs,
    transaction: flags.transaction ?? 'default',
    reason: flags.reason,
  }
}

function logFileSinks({ config, output }: CliEnvironment, operator: () => Promise<Operator>): readonly EventSink[] {
  const { logFile = 'logs/migrations.jsonl' } = config.config
  return logFile === false ? [] : [jsonLinesSink(resolve(config.directory, logFile), operator, output.warn)]
}
