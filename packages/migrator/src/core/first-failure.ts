/** Waits for all that was sent; rejects with the failure that came first in the order of sending. */
export async function firstFailureOf(sent: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}
