import { quit } from './exit.ts'

/** A package manager passes on the Ctrl-C that the terminal has sent to the whole group already: it arrives twice at once. */
const ECHO_MS = 500

/** A terminal that closes sends SIGHUP; supervisors and containers send SIGTERM. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Work {
  /** The first signal asks the work to stop cleanly. */
  stopping(): void
  /** The second quits at once, when this has said what that leaves behind. */
  leaving(): void
}

export interface Signals {
  /** Aborted by the first signal after `begin`. */
  readonly signal: AbortSignal
  begin(work: Work): void
  end(): void
}

/** Before any work has begun, a signal quits at once. */
export function listenForSignals(leaving: () => void): Signals {
  const controller = new AbortController()
  let work: Work | undefined
  let first = 0
  const stop = () => {
    if (work && !controller.signal.aborted) {
      first = performance.now()
      work.stopping()
      controller.abort()
    } else if (!work || performance.now() - first > ECHO_MS) {
      if (work) work.leaving()
      else leaving()
      quit()
    }
  }
  for (const name of SIGNALS) process.on(name, stop)
  return {
    signal: controller.signal,
    begin(begun) {
      work = begun
    },
    end() {
      for (const name of SIGNALS) process.off(name, stop)
    },
  }
}
