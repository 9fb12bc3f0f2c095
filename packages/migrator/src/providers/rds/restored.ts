import { MigratorError } from '../../errors.ts'
import { limitsOf } from './limits.ts'
import type { Restoring } from './restoring.ts'
import { type Seen, waitFor } from './wait.ts'

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status */
const HOPELESS = /^(?:failed|restore-error|storage-full|insufficient-capacity|deleting|inaccessible-|incompatible-)/

/** What the status of a new instance or cluster means for waiting. */
export function newPlaceState<T>(status: string | undefined, value: T, percent?: string): Seen<T> {
  if (status === 'available' || status === 'storage-optimization') return { kind: 'ready', value }
  if (status !== undefined && HOPELESS.test(status)) return { kind: 'failed', status }
  return { kind: 'going-on', status: status ?? 'creating', percent: percent ? Number(percent) || undefined : undefined }
}

/** Waits until a new instance or cluster is available. Rejects with RESTORE_FAILED. */
export async function untilUsable<T>(
  { aws, options, watch }: Restoring,
  subject: string,
  look: () => Promise<Seen<T>>,
): Promise<T> {
  const waited = await waitFor({
    ...limitsOf(options),
    subject,
    look,
    clock: aws.clock,
    signal: aws.signal,
    progress: watch.progress,
  })
  if (waited.kind === 'ready') return waited.value
  if (waited.kind === 'gone')
    throw new MigratorError('RESTORE_FAILED', `The ${subject} is gone: somebody removed it while it was being created.`)
  const late = waited.kind === 'too-late' ? ' when the time ran out' : ''
  throw new MigratorError('RESTORE_FAILED', `The ${subject} is "${waited.status}"${late}.`)
}
