/** How the commands are called here: `pnpm db:rollback` in a repository's scripts, `migrator rollback` as a program. */
export interface Invocation {
  /** The whole command line in front of the flags. */
  command(name: string): string
  /** A text in which every `db:name` is written as it is called here. */
  speak(text: string): string
}

/** Scripts carry a prefix, and two of them their older names. */
const SCRIPT_NAMES: Readonly<Record<string, string>> = { status: 'migrate:status', safe: 'migrate:safe' }

export const asScripts: Invocation = {
  command: (name) => `pnpm db:${SCRIPT_NAMES[name] ?? name}`,
  speak: (text) => text.replace(/(?<!pnpm )\bdb:(?=[a-z])/g, 'pnpm db:'),
}

export const asProgram: Invocation = {
  command: (name) => `migrator ${name}`,
  speak: (text) =>
    text.replace(
      /(?:pnpm )?\bdb:([a-z]+(?::[a-z]+)?)/g,
      (_, script: string) => `migrator ${PROGRAM_NAMES[script] ?? script}`,
    ),
}

const PROGRAM_NAMES: Readonly<Record<string, string>> = { 'migrate:status': 'status', 'migrate:safe': 'safe' }
