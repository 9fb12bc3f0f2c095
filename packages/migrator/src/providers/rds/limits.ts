import { DEFAULT_POLL_INTERVAL_MS, DEFAULT_TIMEOUT_MS, type RdsProviderOptions } from './options.ts'

/** How long to wait, and how often to look meanwhile. */
export interface Limits {
  readonly pollIntervalMs: number
  readonly timeoutMs: number
}

export function limitsOf({ pollIntervalMs, timeoutMs }: RdsProviderOptions): Limits {
  return { pollIntervalMs: pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS, timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS }
}
