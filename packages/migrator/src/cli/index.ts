import yargs, { type Argv } from 'yargs'
import { redactText } from '../core/redact.ts'
import { withoutStop } from '../core/sentence.ts'
import { nearestIds } from '../core/target.ts'
import { isBrokenWire } from '../dialects/postgres/wire/broken-wire.ts'
import { MigratorError } from '../errors.ts'
import { isOfMigrationCode, onLateError, ownProcess } from '../load/migration-code.ts'
import { toolVersion } from '../version.ts'
import { createCli } from './command.ts'
import { commandsNamed } from './commands/index.ts'
import { checkConfig, type LocatedConfig, loadConfig, type MigratorConfig } from './config.ts'
import { readEnvironment } from './env.ts'
import { finish, finishAtOnce, outliveReaders } from './exit.ts'
import { asProgram, asScripts } from './invocation.ts'
import { createOutput } from './output.ts'
import { listenForSignals } from './signals.ts'
import { nothingBegun } from './underway.ts'

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
  const invocation = called === 'scripts' ? asScripts : asProgram
  // A package manager hands the separator on: `pnpm db:migrate:safe -- down --steps=1`.
  const words = argv.filter((word) => word !== '--')
  const output = createOutput({ json: words.includes('--json'), verbose: words.includes('--verbose') }, env, invocation)
  outliveReaders()
  const signals = listenForSignals(() => output.fail(nothingBegun()))
  const cli = createCli({ env, invocation, config: () => locate(config), signals })
  const unexpected = (error: unknown) => void (isOfMigrationCode() || finishAtOnce(output.fail(asLoss(error))))
  process.on('unhandledRejection', unexpected)
  process.on('uncaughtException', unexpected)
  ownProcess()
  onLateError((message) => output.warn(message))
  let parser = yargs([...words])
    .scriptName(called === 'scripts' ? 'db' : 'migrator')
    .usage(`${called === 'scripts' ? 'pnpm db:<command>' : 'migrator <command>'} [options]`)
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': false,
      'boolean-negation': false,
    })
    .strict()
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .version(toolVersion)
    .help()
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error, current) => {
      if (error && error.name !== 'YError') throw error
      const told = message ?? error?.message ?? ''
      throw new MigratorError('USAGE_INVALID', redactText(explainUsage(told, words, flagsOf(current))))
    })
  try {
    for (const command of await commandsNamed(words, cli)) parser = parser.command(withoutHelpAhead(command) as never)
    await parser.parseAsync()
  } catch (error) {
    await finish(output.fail(error))
  }
}

/** The driver asks for the types of a new session by itself, and leaves the failure of that to nobody. */
function asLoss(error: unknown): unknown {
  if (error instanceof MigratorError || !isBrokenWire(error)) return error
  return new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.', { cause: error })
}

interface UsageOwner {
  getInternalMethods?(): { getUsageInstance?(): { cacheHelpMessage?: () => void } }
}

/**
 * yargs composes the help of every command before it runs it, in case it is wanted later; here it never is, and a tenth of
 * a command's time goes into it. Its way to switch that off is internal: without it commands only start later.
 */
function withoutHelpAhead<T extends { readonly builder: (yargs: Argv) => unknown }>(command: T): T {
  return {
    ...command,
    builder(yargs: Argv) {
      const built = command.builder(yargs)
      const usage = (yargs as UsageOwner).getInternalMethods?.().getUsageInstance?.()
      if (usage?.cacheHelpMessage) usage.cacheHelpMessage = () => {}
      return built
    },
  }
}

/** yargs' own words, with what they leave out: the nearest flag, and the argument that is missing. */
function explainUsage(message: string, words: readonly string[], flags: readonly string[]): string {
  if (message.startsWith('Did you mean')) return `There is no command "${words[0]}". ${message}`
  if (message.startsWith('Not enough non-option')) return `An argument is missing: ${usageOf(words[0] ?? '')}`
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1]
  const nearest = unknown === undefined ? [] : nearestIds(unknown, flags)
  return nearest.length > 0
    ? `${withoutStop(message)}. Did you mean ${nearest.map((flag) => `--${flag}`).join(', ')}?`
    : message
}

function usageOf(name: string): string {
  return USAGES[name] ?? name
}

const USAGES: Readonly<Record<string, string>> = {
  new: 'new NAME',
  baseline: 'baseline ID',
  import: 'import HISTORY',
  repair: 'repair WHAT ID',
  snapshot: 'snapshot create|list|prune',
  restore: 'restore ID',
}

/** yargs hands its usage here: the flags that it would describe are those that the command takes. */
function flagsOf(usage: object): readonly string[] {
  return Object.keys((usage as { getDescriptions?: () => object }).getDescriptions?.() ?? {})
}

async function locate(given: CliOptions['config']): Promise<LocatedConfig> {
  if (!given) return loadConfig(process.cwd())
  return { config: checkConfig(given.config, 'migrator.config.ts'), directory: given.directory }
}
