import type { FileProblem } from '../core/file-problem.ts'
import { redactText, redactTexts } from '../core/redact.ts'
import { withheldWords } from '../dialects/postgres/failure/server-words.ts'
import { reportError } from '../engine/run/context.ts'
import { MigratorError } from '../errors.ts'
import type { ErrorReport } from '../ports/events.ts'
import type { Invocation } from '../report/invocation.ts'
import { type Style, styleFor } from '../report/style.ts'
import { carriedOptions } from './carried.ts'
import type { Environment } from './env.ts'
import { type LiveLine, noLiveLine } from './live-line.ts'
import type { CommonFlags } from './options.ts'
import { writeResult } from './stdout.ts'

/** What a command came to. */
export interface Outcome {
  /** What `--json` prints; `error` is added. */
  readonly document: object
  /** What a person reads on stdout. */
  readonly text: string
  /** It tells the address of the local embedded server, to be used as it is; everything else is redacted. */
  readonly tellsAddress?: boolean | undefined
  /** Its commands are named as they are called here already, and `db:…` is the name of a script. */
  readonly isSpoken?: boolean | undefined
  /** What ended it early. */
  readonly error?: MigratorError | undefined
}

export interface Output {
  readonly json: boolean
  readonly verbose: boolean
  readonly style: Style
  readonly progressStyle: Style
  print(outcome: Outcome): number
  fail(error: unknown): number
  warn(message: string): void
  /** Something to know that is no result and no warning, on stderr. */
  note(message: string): void
  /** What the command is doing now, for a terminal: shown when it takes longer. */
  doing(text: string): void
  /** An error as data, with its hint in the words of this invocation. */
  describe(error: unknown): ErrorReport
  readonly speak: Invocation['speak']
  /** The options that the next command needs too, as they are typed. */
  carried(command: string): string
}

/** A command, and what it is for. */
export type Next = readonly [command: string, purpose: string]

/** The commands to try next, as they are called here, with what tells this project and database from others. */
export function nextCommands({ speak, carried }: Output, commands: readonly Next[]): string {
  const spoken = commands.map(([command, purpose]) => [speak(command) + carried(command), purpose] as const)
  const width = Math.max(...spoken.map(([command]) => command.length))
  return ['Next:', ...spoken.map(([command, purpose]) => `  ${command.padEnd(width)}   ${purpose}`)].join('\n')
}

/** Results go to stdout, progress and errors to stderr; with `--json` one document, errors included, is all of stdout. */
export function createOutput(
  flags: Pick<CommonFlags, 'json' | 'verbose' | 'config' | 'migrations' | 'databaseUrl'>,
  env: Environment,
  invocation: Invocation,
  live: LiveLine = noLiveLine,
): Output {
  const style = styleFor(process.stdout, env.colours)
  const progressStyle = styleFor(process.stderr, env.colours)
  const output: Output = {
    ...flags,
    speak: invocation.speak,
    carried: (command) => carriedOptions(flags, command),
    describe: errorJson,
    doing: live.doing,
    style,
    progressStyle,
    print({ document, text, tellsAddress, isSpoken, error }) {
      const shown = tellsAddress
        ? { document, text }
        : { document: redactTexts(document) as object, text: redactText(text) }
      if (flags.json) printDocument(error ? { ...shown.document, error: errorJson(error) } : shown.document)
      else if (text !== '') writeResult(`${isSpoken ? shown.text : invocation.speak(shown.text)}\n`)
      if (error && !flags.json) printError(error)
      return error ? error.exitCode : 0
    },
    fail(error) {
      if (flags.json) printDocument({ error: errorJson(error) })
      else printError(error)
      return reportError(error).exitCode
    },
    note(message) {
      process.stderr.write(`${progressStyle.colours.dim(invocation.speak(message))}\n`)
    },
    warn(message) {
      process.stderr.write(`${progressStyle.colours.yellow(`Warning: ${message}`)}\n`)
    },
  }
  return output

  function errorJson(error: unknown): ErrorReport {
    const report = reportError(error)
    return { ...report, ...spokenProblems(report), hint: report.hint && invocation.speak(report.hint) }
  }

  function spokenProblems({ problems }: ErrorReport): { problems?: unknown } {
    if (!Array.isArray(problems)) return {}
    const spoken = (problems as { hint?: string }[]).map((each) =>
      each.hint ? { ...each, hint: invocation.speak(each.hint) } : each,
    )
    return { problems: spoken }
  }

  function printError(error: unknown): void {
    const { colours } = progressStyle
    const { code, message, hint, problems } = reportError(error)
    process.stderr.write(`${colours.red(`✗ ${visible(invocation.speak(message))}`)}${colours.dim(` [${code}]`)}\n`)
    for (const frame of framesOf(problems)) process.stderr.write(`${colours.dim(visible(redactText(frame)))}\n`)
    if (hint) process.stderr.write(`  ${visible(invocation.speak(hint))}\n`)
    if (flags.verbose || !(error instanceof MigratorError)) printStack(error)
  }

  function printStack(error: unknown): void {
    if (!flags.verbose) return
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      const withheld = withheldWords(cause)
      process.stderr.write(`${redactText(cause.stack ?? cause.message)}${withheld ? `\n${withheld}` : ''}\n`)
    }
  }
}

/** The places of problems in their files; with several files, each is preceded by its path. */
function framesOf(problems: unknown): readonly string[] {
  if (!Array.isArray(problems)) return []
  const framed = (problems as readonly Partial<FileProblem>[]).filter(({ frame }) => frame !== undefined)
  return framed.slice(0, FRAMES_SHOWN).map(({ frame = '', path = '', line }) => {
    const place = problems.length > 1 ? `  ${path}:${line}\n` : ''
    return place + frame.replace(/^/gm, '  ')
  })
}

/** More of them hide the message. */
const FRAMES_SHOWN = 10

function printDocument(document: object): void {
  writeResult(`${JSON.stringify({ schemaVersion: 1, ...document }, null, 2)}\n`)
}

/** Control characters, of a file's name for instance, must not reach the terminal. */
function visible(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
}
