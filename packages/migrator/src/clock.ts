import { setTimeout as sleep } from 'node:timers/promises'
import { interrupted } from './engine/run/context.ts'
import type { Clock } from './ports/clock.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      if (signal?.aborted) throw interrupted()
      throw error
    }
  },
}
