/**
 * Calls what a caller handed in. Whatever it throws, or its promise rejects with, goes to `onFailure` and nowhere else;
 * nobody waits for the promise.
 */
export function harmlessly(call: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = call()
    if (isThenable(result)) result.then(undefined, onFailure)
  } catch (error) {
    onFailure(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

export function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
