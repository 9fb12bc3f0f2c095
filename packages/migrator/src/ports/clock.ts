export interface Clock {
  now(): Date
  /** Milliseconds from a clock that never goes backwards. */
  monotonicMs(): number
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
