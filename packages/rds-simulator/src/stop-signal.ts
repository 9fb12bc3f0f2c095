/**
 * Aborted at the first Ctrl-C or SIGTERM, or when nobody reads the output any more. Another signal within half a second is
 * taken for the same one: pnpm passes on what the terminal has sent to everybody. A later one ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    first ??= performance.now()
    controller.abort()
    if (performance.now() - first < 500) return
    for (const name of signals) process.off(name, stop)
    process.kill(process.pid, signal)
  }
  for (const name of signals) process.on(name, stop)
  process.stdout.on('error', () => controller.abort())
  return controller.signal
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
