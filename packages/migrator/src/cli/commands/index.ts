import type { Argv } from 'yargs'
import type { Cli } from '../command.ts'

/** A command as yargs takes it. */
export interface CommandSpec {
  readonly command: string
  readonly describe: string
  builder(yargs: Argv): unknown
  handler(flags: never): Promise<void>
}

/** Every command by its name. What a command needs is loaded when it is called: it is started anew each time. */
const COMMANDS: Readonly<Record<string, () => Promise<(cli: Cli) => CommandSpec>>> = {
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
  import: async () => (await import('./import.ts')).importCommand,
  repair: async () => (await import('./repair.ts')).repairCommand,
  reset: async () => (await import('./reset.ts')).resetCommand,
  snapshot: async () => (await import('./snapshot.ts')).snapshotCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  start: async () => (await import('./server.ts')).startCommand,
  stop: async () => (await import('./server.ts')).stopCommand,
}

/** The commands that these words name; all of them where none is named, for the help and for what is mistyped. */
export async function commandsNamed(words: readonly string[], cli: Cli): Promise<readonly CommandSpec[]> {
  const named = Object.keys(COMMANDS).filter((name) => words.includes(name))
  const names = named.length > 0 ? named : Object.keys(COMMANDS)
  return Promise.all(names.map(async (name) => (await COMMANDS[name]?.())?.(cli) as CommandSpec))
}
