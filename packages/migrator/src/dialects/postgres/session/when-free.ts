import { setTimeout as pause } from 'node:timers/promises'
import { isBusy } from '../failure/failure.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000

/** Opens again and again, for `limitMs`, what a busy server refuses; then rejects as the last attempt did. */
export async function whenFree<T>(limitMs: number, open: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + limitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await open()
    } catch (error) {
      if (!isBusy(error) || performance.now() + pauseMs > deadline) throw error
      await pause(pauseMs * (0.5 + Math.random()))
    }
  }
}
