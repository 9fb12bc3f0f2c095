import type { Argv } from 'yargs'
import type { Cli } from '../command.ts'

/** A command as yargs takes it. */
export interface CommandSpec {
  /** Its name and arguments; then what else people type for it. */
  readonly command: string | readonly string[]
  readonly describe: string
  builder(yargs: Argv): unknown
  handler(flags: never): Promise<void>
}

/** Every command by its name. What a command needs is loaded when it is called: it is started anew each time. */
const COMMANDS: Readonly<Record<string, () => Promise<(cli: Cli) => CommandSpec>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  safe: async () => (await import('./safe.ts')).safeCommand,
  new: async () => (await import('./new.ts')).newCommand,
  validate: async () => (await import('./validate.ts')).validateCommand,
  rehearse: async () => (await import('./rehearse.ts')).rehearseCommand,
  drift: async () => (await import('./drift.ts')).driftCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  baseline: async () => (await import('./baseline.ts')).baselineCommand,
  squash: async () => (await import('./squash.ts')).squashCommand,
  import: async () => (await import('./import.ts')).importCommand,
  repair: async () => (await import('./repair.ts')).repairCommand,
  preserved: async () => (await import('./preserved.ts')).preservedCommand,
  protect: async () => (await import('./protect.ts')).protectCommand,
  redo: async () => (await import('./redo.ts')).redoCommand,
  reset: async () => (await import('./reset.ts')).resetCommand,
  snapshot: async () => (await import('./snapshot.ts')).snapshotCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  start: async () => (await import('./server.ts')).startCommand,
  stop: async () => (await import('./server.ts')).stopCommand,
}

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS)

/** What else people type. */
export const COMMAND_ALIASES: Readonly<Record<string, string>> = { up: 'migrate', down: 'rollback' }

/** This command; all of them where none is named, for the help. Each is listed under the word that names it here. */
export async function commandsFor(name: string | undefined, cli: Cli): Promise<readonly CommandSpec[]> {
  const names = name === undefined ? COMMAND_NAMES : [name]
  return Promise.all(names.map((each) => loadCommand(each, cli)))
}

async function loadCommand(name: string, cli: Cli): Promise<CommandSpec> {
  const create = await COMMANDS[name]?.()
  if (!create) throw new Error(`unknown command ${name}`)
  const spec = create(cli)
  const [usage = name, ...aliases] = [spec.command].flat()
  const word = cli.invocation.word(name)
  return { ...spec, command: [usage.replace(name, word), ...(word === name ? aliases : [])] }
}
