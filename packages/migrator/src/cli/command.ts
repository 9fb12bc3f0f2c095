import type { LocatedConfig } from './config.ts'
import type { Environment } from './env.ts'
import { finish } from './exit.ts'
import type { Invocation } from './invocation.ts'
import type { CommonFlags } from './options.ts'
import { createOutput, type Outcome } from './output.ts'
import { listenForSignals } from './signals.ts'
import type { Surroundings } from './wiring.ts'

/** What a command's handler is given. */
export interface Cli {
  readonly invocation: Invocation
  /** Gives the work its surroundings, prints what it came to, and sets the exit code. Never rejects. */
  run(flags: CommonFlags, work: (surroundings: Surroundings) => Promise<Outcome>): Promise<void>
}

export interface CliDeps {
  readonly env: Environment
  readonly invocation: Invocation
  readonly config: () => Promise<LocatedConfig>
}

export function createCli({ env, invocation, config }: CliDeps): Cli {
  return {
    invocation,
    async run(flags, work) {
      const output = createOutput(flags, env, invocation)
      const signals = listenForSignals((message) => output.warn(message))
      const code = await (async () => {
        try {
          return output.print(await work({ env, output, signal: signals.signal, config: await config() }))
        } catch (error) {
          return output.fail(error)
        } finally {
          signals.dispose()
        }
      })()
      await finish(code)
    },
  }
}
