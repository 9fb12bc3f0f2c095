export interface Clock {
  now(): Date
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
