/** How the commands are called here: `pnpm db:rollback` in a repository's scripts, `migrator rollback` as a program. */
export interface Invocation {
  /** What a shell starts: the words of a command line follow it. */
  readonly program: string
  /** The word that names a command behind it: `db:migrate:status`, or `status`. */
  word(name: string): string
  /** The whole command line in front of the flags. */
  command(name: string): string
  /** A text in which every `db:name` is written as it is called here. */
  speak(text: string): string
}

/** Scripts carry a prefix, and two of them their older names. */
const SCRIPT_NAMES: Readonly<Record<string, string>> = { status: 'migrate:status', safe: 'migrate:safe' }

const scriptWord = (name: string) => `db:${SCRIPT_NAMES[name] ?? name}`

export const asScripts: Invocation = {
  program: 'pnpm',
  word: scriptWord,
  command: (name) => `pnpm ${scriptWord(name)}`,
  speak: (text) => text.replace(/(?<!pnpm )\bdb:(?=[a-z])/g, 'pnpm db:'),
}

export const asProgram: Invocation = {
  program: 'migrator',
  word: (name) => name,
  command: (name) => `migrator ${name}`,
  speak: (text) =>
    text.replace(
      /(?:pnpm )?\bdb:([a-z]+(?::[a-z]+)?)/g,
      (_, script: string) => `migrator ${PROGRAM_NAMES[script] ?? script}`,
    ),
}

const PROGRAM_NAMES: Readonly<Record<string, string>> = { 'migrate:status': 'status', 'migrate:safe': 'safe' }

/** The scripts whose names are not their commands'. */
export const SCRIPT_WORDS: readonly string[] = Object.values(SCRIPT_NAMES)

/** The command that a typed word names, whichever way it is called: `status`, `migrate:status` and `db:migrate:status` are one. */
export function commandOf(word: string): string {
  const name = word.replace(/^db:/, '')
  return PROGRAM_NAMES[name] ?? name
}
