import { MigratorError } from '../../../errors.ts'

/** Runs code that may never settle. Rejects with INTERRUPTED as soon as the signal is aborted. */
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
