import { quit } from './exit.ts'

/** A package manager passes on the Ctrl-C that the terminal has sent to the whole group already: it arrives twice at once. */
const ECHO_MS = 500

/** The first Ctrl-C (or SIGTERM) asks the run to stop cleanly, the second one quits at once. */
export function listenForSignals(tell: (message: string) => void): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  let first = 0
  const stop = () => {
    if (!controller.signal.aborted) {
      first = performance.now()
      tell(
        'Stopping: the step in hand is undone, or finished where it runs outside a transaction. Press Ctrl-C again to quit at once.',
      )
      controller.abort()
    } else if (performance.now() - first > ECHO_MS) quit()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
