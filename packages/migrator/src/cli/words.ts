import { nearestIds } from '../core/target.ts'
import type { MigratorError } from '../errors.ts'
import { commandOf, type Invocation, SCRIPT_WORDS } from '../report/invocation.ts'
import { COMMAND_ALIASES, COMMAND_NAMES } from './commands/index.ts'
import { invalid } from './values.ts'

/** A command line, with its command under the name that it has here. */
export interface Words {
  readonly words: readonly string[]
  /** Undefined where none is named: for the help of all. */
  readonly command?: string | undefined
}

/**
 * Finds the command in a command line: `up` is `migrate`, `db:migrate:status` is `status`, `help CMD` is `CMD --help`.
 * Throws USAGE_INVALID for a word that names none.
 */
export function readWords(argv: readonly string[], invocation: Invocation): Words {
  // A package manager hands the separator on: `pnpm db:migrate:safe -- down --steps=1`.
  const given = argv.filter((word) => word !== '--')
  if (given[0] === 'help') return readWords([...given.slice(1), '--help'], invocation)
  const at = given.findIndex((word) => nameOf(word) !== undefined)
  const command = nameOf(given[at] ?? '')
  if (command === undefined) {
    const [first] = given
    if (first === undefined || first.startsWith('-') || first === COMPLETION) return { words: given }
    throw unknownCommand(first, invocation)
  }
  return { words: given.with(at, invocation.word(command)), command }
}

/** Prints a script for the shell; yargs has it. */
export const COMPLETION = 'completion'

function nameOf(word: string): string | undefined {
  const name = commandOf(word)
  return COMMAND_NAMES.find((known) => known === (COMMAND_ALIASES[name] ?? name))
}

function unknownCommand(word: string, invocation: Invocation): MigratorError {
  const typed = [...COMMAND_NAMES, ...Object.keys(COMMAND_ALIASES), ...SCRIPT_WORDS]
  const near = nearestIds(word.replace(/^db:/, ''), typed).map((name) => invocation.word(commandOf(name)))
  const hint = near.length > 0 ? `Did you mean ${near.join(', ')}?` : `${invocation.program} --help lists the commands.`
  return invalid(`Unknown command "${word}".`, hint)
}
