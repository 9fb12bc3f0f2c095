import { dirname } from 'node:path'
import yargs, { type Argv } from 'yargs'
import { redactText } from '../core/redact.ts'
import { isBrokenWire } from '../dialects/postgres/wire/broken-wire.ts'
import { MigratorError } from '../errors.ts'
import { isOfMigrationCode, onLateError, ownProcess } from '../load/migration-code.ts'
import { type Invocation, programOf, scriptsOf } from '../report/invocation.ts'
import { type PackageManager, packageManagerOf } from '../report/package-manager.ts'
import { toolVersion } from '../version.ts'
import { createCli, type Located } from './command.ts'
import { commandsFor } from './commands/index.ts'
import { checkConfig, loadConfig, loadConfigFile, type MigratorConfig } from './config.ts'
import { type Environment, loadEnvironment, readEnvironment } from './env.ts'
import { finish, finishAtOnce, outliveReaders } from './exit.ts'
import { manual } from './manual.ts'
import { globalOptions } from './options.ts'
import { createOutput } from './output.ts'
import { listenForSignals } from './signals.ts'
import { nothingBegun } from './underway.ts'
import { explainUsage, refuseValuesOfSwitches } from './usage.ts'
import { readPath } from './values.ts'
import { COMPLETION, readWords, type Words } from './words.ts'

export type { MigratorConfig } from './config.ts'
export { defineConfig } from './config.ts'

export interface CliOptions {
  /** The words behind the program's name. */
  readonly argv: readonly string[]
  /** Without it `migrator.config.ts` is looked for where the command runs. */
  readonly config?: { readonly config: MigratorConfig; readonly directory: string }
  /** How messages name the commands: `pnpm db:rollback`, or `migrator rollback`. Default `program`. */
  readonly called?: 'scripts' | 'program'
}

/** Runs one command and sets the exit code. Never rejects. */
export async function runCli({ argv, config, called = 'program' }: CliOptions): Promise<void> {
  const env = readEnvironment()
  const invocation = called === 'scripts' ? scriptsOf(env.packageManager ?? 'pnpm') : programOf(installedBy(env))
  const output = createOutput({ json: argv.includes('--json'), verbose: argv.includes('--verbose') }, env, invocation)
  outliveReaders()
  const signals = listenForSignals(() => output.fail(nothingBegun()))
  const cli = createCli({ env, invocation, locate: (file) => locate(file, config, env), signals })
  const unexpected = (error: unknown) => void (isOfMigrationCode() || finishAtOnce(output.fail(asLoss(error))))
  process.on('unhandledRejection', unexpected)
  process.on('uncaughtException', unexpected)
  ownProcess()
  onLateError((message) => output.warn(message))
  try {
    const line = readWords(argv, invocation)
    const commands = await commandsFor(line.command, cli)
    let parser = parserOf(line, invocation)
    for (const command of commands) parser = parser.command(readied(command, line) as never)
    if (line.command === undefined) parser.completion(COMPLETION, 'Print a completion script for bash or zsh')
    await parser.parseAsync()
  } catch (error) {
    await finish(output.fail(error))
  }
}

function parserOf(line: Words, invocation: Invocation): Argv {
  const parser = yargs([...line.words])
    .scriptName(invocation.program)
    .usage(`${invocation.command('COMMAND').replace(/COMMAND$/, '<command>')} [options]`)
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': false,
      'boolean-negation': false,
    })
    .strict()
    .demandCommand(1, 'No command was given.')
    .version(toolVersion)
    .alias('version', 'v')
    .describe('version', 'Show the version')
    .help()
    .alias('help', 'h')
    .describe('help', 'Show this help')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error, current) => {
      if (error && error.name !== 'YError') throw error
      const told = message ?? error?.message ?? ''
      throw new MigratorError('USAGE_INVALID', redactText(explainUsage(told, line, invocation, flagsOf(current))))
    })
  if (line.command !== undefined) return parser
  return globalOptions(parser).epilogue(manual())
}

/** Undefined where the program does not belong to a project, and only its name is typed. */
function installedBy({ packageManager }: Environment): PackageManager | undefined {
  if (!import.meta.url.includes('/node_modules/')) return undefined
  return packageManager ?? packageManagerOf(process.cwd()) ?? 'npm'
}

/** The driver queries the types of a new session on its own, and hands a failure of that to nobody. */
function asLoss(error: unknown): unknown {
  if (error instanceof MigratorError || !isBrokenWire(error)) return error
  return new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.', { cause: error })
}

/**
 * yargs composes the help of every command before it runs it, in case it is wanted later; here it never is, and a tenth of
 * a command's time goes into it. Its way to switch that off is internal: without it commands only start later.
 */
function readied<T extends { readonly builder: (yargs: Argv) => unknown }>(command: T, line: Words): T {
  return {
    ...command,
    builder(yargs: Argv) {
      const built = command.builder(yargs)
      refuseValuesOfSwitches(line, (yargs as Parser).getOptions?.().boolean ?? [])
      const usage = (yargs as Parser).getInternalMethods?.().getUsageInstance?.()
      if (usage?.cacheHelpMessage) usage.cacheHelpMessage = () => {}
      return built
    },
  }
}

interface Parser {
  getOptions?(): { readonly boolean: readonly string[] }
  getInternalMethods?(): { getUsageInstance?(): { cacheHelpMessage?: () => void } }
}

/** yargs hands its usage here: the flags that it would describe are those that the command takes. */
function flagsOf(usage: object): readonly string[] {
  return Object.keys((usage as { getDescriptions?: () => object }).getDescriptions?.() ?? {})
}

/** `.env` comes first: the configuration may read what it sets. */
async function locate(
  file: string | undefined,
  given: CliOptions['config'],
  { invokedFrom }: Environment,
): Promise<Located> {
  const path = readPath(file, invokedFrom)
  const directory = path === undefined ? (given?.directory ?? process.cwd()) : dirname(path)
  const env = loadEnvironment(directory)
  if (path !== undefined) return { env, config: await loadConfigFile(path) }
  if (!given) return { env, config: await loadConfig(directory) }
  return { env, config: { config: checkConfig(given.config, 'migrator.config.ts'), directory } }
}
