import { MigratorError } from '../../../errors.ts'

/** Waits for code that may wait for anything, a promise that nobody settles too. Rejects with INTERRUPTED once it is aborted. */
export async function unlessAborted(signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<void> {
  if (!signal) return void (await work())
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true, signal: over.signal })
  })
  try {
    await Promise.race([work(), aborted])
  } finally {
    over.abort()
  }
}
