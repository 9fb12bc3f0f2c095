import { type PackageManager, runnerOf, scriptRunnerOf } from './package-manager.ts'
import { pathOfPage } from './pages.ts'

/** How the commands are called here: `pnpm db:rollback` in a repository's scripts, `migrator rollback` as a program. */
export interface Invocation {
  /** What the help calls it, and what a shell completes: the words of a command line follow it. */
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

/** As scripts of package.json. npm takes options for its own, unless they stand behind a "--". */
export function scriptsOf(manager: PackageManager): Invocation {
  const runner = scriptRunnerOf(manager)
  const separator = manager === 'npm' ? ' --' : ''
  const words = '(?: (?!-)[\\w|.-]+){0,2}?'
  const called = new RegExp(`(?<!${runner} )\\b(db:[a-z]+(?::[a-z]+)?)(?:(${words})(?=( --[a-z]))|)`, 'g')
  return {
    program: runner,
    word: scriptWord,
    command: (name) => `${runner} ${scriptWord(name)}`,
    speak: (text) =>
      text.replace(
        called,
        (_, script: string, words = '', option?: string) => `${runner} ${script}${words}${option ? separator : ''}`,
      ),
  }
}

/** As a program, called `migrator` or `npx migrator`. */
export function programCalled(program: string): Invocation {
  return {
    program: 'migrator',
    word: (name) => name,
    command: (name) => `${program} ${name}`,
    speak: (text) =>
      text
        .replace(
          /(?:pnpm )?\bdb:([a-z]+(?::[a-z]+)?)/g,
          (_, script: string) => `${program} ${PROGRAM_NAMES[script] ?? script}`,
        )
        .replace(/(?<![\w/])docs\/(?:guides|reference|runbooks)\/[\w-]+\.md/g, (page) => pathOfPage(page)),
  }
}

export const asScripts = scriptsOf('pnpm')
export const asProgram = programCalled('migrator')

/** The program as its user can type it: in a project's `node_modules` it is no command of the shell. */
export function programOf(manager: PackageManager | undefined): Invocation {
  return manager === undefined ? asProgram : programCalled(`${runnerOf(manager)} migrator`)
}

const PROGRAM_NAMES: Readonly<Record<string, string>> = { 'migrate:status': 'status', 'migrate:safe': 'safe' }

/** The scripts whose names are not their commands'. */
export const SCRIPT_WORDS: readonly string[] = Object.values(SCRIPT_NAMES)

/** The command that a typed word names, whichever way it is called: `status`, `migrate:status` and `db:migrate:status` are one. */
export function commandOf(word: string): string {
  const name = word.replace(/^db:/, '')
  return PROGRAM_NAMES[name] ?? name
}
