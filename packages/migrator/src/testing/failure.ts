/**
 * Where a run is made to fail, in the step that was named:
 * `before` its first statement; in the `middle` of it; `after` its last one, its own `verify` included, before it is on
 * record; with the `connection-cut` in the middle by the server; or by a `process-kill` (SIGKILL) in the middle.
 *
 * The middle is after the first statement. Where that one builds an index CONCURRENTLY, outside a transaction, it is inside
 * of it: the index stands, INVALID, and the build is waiting for an older transaction.
 */
export const failures = ['before', 'middle', 'after', 'connection-cut', 'process-kill'] as const

export type Failure = (typeof failures)[number]

/** One transaction for all steps of a run, or one for each. */
export type TransactionMode = 'batch' | 'each'

/** For people, in the middle of a sentence. */
export const described: Readonly<Record<Failure, string>> = {
  before: 'a failure before its first statement',
  middle: 'a failure in the middle of it',
  after: 'a failure after its last statement',
  'connection-cut': 'its connection being cut',
  'process-kill': 'its process being killed',
}

export function pointOf(failure: Failure): 'before' | 'middle' | 'after' {
  return failure === 'before' || failure === 'after' ? failure : 'middle'
}
