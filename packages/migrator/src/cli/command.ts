import type { Invocation } from '../report/invocation.ts'
import { styleFor } from '../report/style.ts'
import type { CliEnvironment } from './command-context.ts'
import type { LocatedConfig } from './config.ts'
import type { Environment } from './env.ts'
import { finish } from './exit.ts'
import { type Ending, unlessInterrupted } from './interruption.ts'
import { liveLine, noLiveLine } from './live-line.ts'
import type { CommonFlags } from './options.ts'
import { createOutput, type Outcome } from './output.ts'
import type { Signals } from './signals.ts'
import { divertStdout } from './stdout.ts'
import { watchUnderway } from './underway.ts'

type Work = (environment: CliEnvironment) => Promise<Outcome>

/** What a command's handler is given. */
export interface Cli {
  readonly invocation: Invocation
  /**
   * Gives the work its environment, prints what it came to, and sets the exit code. Never rejects. An interruption waits
   * for the work to stop where that is safe.
   */
  run(flags: CommonFlags, work: Work): Promise<void>
  /** The same for work that may be abandoned anywhere: an interruption ends it at once. */
  runUntilInterrupted(flags: CommonFlags, work: Work): Promise<void>
}

export interface Located {
  readonly env: Environment
  readonly config: LocatedConfig
}

export interface CliDeps {
  readonly env: Environment
  readonly invocation: Invocation
  /** The configuration of the working directory, or this file's; and the environment with what `.env` adds. */
  readonly locate: (file: string | undefined) => Promise<Located>
  readonly signals: Signals
}

export function createCli(deps: CliDeps): Cli {
  return {
    invocation: deps.invocation,
    run: (flags, work) => runCommand(deps, flags, work, 'orderly'),
    runUntilInterrupted: (flags, work) => runCommand(deps, flags, work, 'at-once'),
  }
}

async function runCommand(
  { env, invocation, locate, signals }: CliDeps,
  flags: CommonFlags,
  work: Work,
  ending: Ending,
): Promise<void> {
  const { stderr } = process
  const isLive = stderr.isTTY && env.movesCursor && !flags.json
  const live = isLive ? liveLine(stderr, styleFor(stderr, env.colours)) : noLiveLine
  const output = createOutput(flags, env, invocation, live)
  output.doing('Reading the configuration')
  const underway = watchUnderway()
  const { signal } = signals
  divertStdout()
  signals.begin({
    stopping: () => output.warn(STOPPING[ending]),
    leaving: () => output.fail(underway.left()),
  })
  const begin = async () => work({ ...(await locate(flags.config)), output, signal, underway: underway.sink })
  const code = await unlessInterrupted(signal, ending, begin).finally(live.end).then(output.print).catch(output.fail)
  signals.end()
  await finish(code)
}

const AGAIN = 'Press Ctrl-C again to quit at once.'
const STOPPING: Readonly<Record<Ending, string>> = {
  orderly: `Stopping: rolling back the current step (a non-transactional step runs to completion). ${AGAIN}`,
  'at-once': `Stopping. ${AGAIN}`,
}
