import { withoutStop } from '../../core/sentence.ts'
import type { BackupProgress } from '../../ports/backup.ts'
import type { Clock } from '../../ports/clock.ts'
import { pause } from './call.ts'
import { isTransient } from './failure-kind.ts'

/** What one look saw. */
export type Seen<T> =
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'going-on'; readonly status: string; readonly percent?: number | undefined }
  | { readonly kind: 'failed'; readonly status: string }
  | { readonly kind: 'absent' }

export interface Waiting<T> {
  /** What is waited for, as progress names it: `DB snapshot pre-rollback-…`. */
  readonly subject: string
  readonly look: () => Promise<Seen<T>>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pollIntervalMs: number
  readonly timeoutMs: number
  readonly progress: (event: BackupProgress) => void
  /** What was just made may not show for a moment. Default: a minute. */
  readonly absenceMs?: number | undefined
}

export type Waited<T> =
  | { readonly kind: 'ready'; readonly value: T; readonly elapsedMs: number }
  | { readonly kind: 'failed'; readonly status: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'too-late'; readonly status: string; readonly elapsedMs: number }

const ABSENCE_MS = 60_000
/** Progress that says nothing new is repeated this often, so that a log shows that the process lives. */
const HEARTBEAT_MS = 30_000

/**
 * Looks again and again until it is ready, has failed, or the time is up. The pauses grow from a tenth of the interval to
 * the whole of it, so that what is quick is seen at once and nothing is seen later than one interval after it happened.
 * A look that fails for a moment is repeated like any other. Aborted, it rejects with the signal's reason.
 *
 * The SDK has waiters of its own. They take every error for "not yet", look twice a minute at most, and tell nothing.
 */
export async function waitFor<T>(waiting: Waiting<T>): Promise<Waited<T>> {
  const { clock, signal, pollIntervalMs, timeoutMs } = waiting
  const startedMs = clock.monotonicMs()
  const tell = teller(waiting)
  let status = 'unknown'
  let seenBefore = false
  for (let looks = 0; ; looks += 1) {
    const seen = await lookOrExplain(waiting)
    const elapsedMs = clock.monotonicMs() - startedMs
    if (seen.kind === 'ready') return { ...seen, elapsedMs }
    if (seen.kind === 'failed') return seen
    if (seen.kind === 'absent' && (seenBefore || elapsedMs > (waiting.absenceMs ?? ABSENCE_MS))) return { kind: 'gone' }
    if (seen.kind === 'going-on') {
      seenBefore = true
      status = seen.status
    }
    tell(seen, elapsedMs)
    if (elapsedMs >= timeoutMs) return { kind: 'too-late', status, elapsedMs }
    const pauseMs = Math.min(pollIntervalMs, (pollIntervalMs / 10) * 1.3 ** looks)
    await pause(clock, Math.min(pauseMs, timeoutMs - elapsedMs), signal)
  }
}

type Look<T> = Seen<T> | { readonly kind: 'unclear'; readonly error: Error }

async function lookOrExplain<T>({ look, signal }: Waiting<T>): Promise<Look<T>> {
  signal.throwIfAborted()
  try {
    return await look()
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error) || !isTransient(error)) throw error
    return { kind: 'unclear', error }
  }
}

/** Says what is new, and at times that nothing is. */
function teller<T>({ subject, progress }: Waiting<T>): (seen: Look<T>, elapsedMs: number) => void {
  let last = ''
  let lastMs = 0
  return (seen, elapsedMs) => {
    const percent = seen.kind === 'going-on' ? seen.percent : undefined
    const text = textOf(seen)
    const news = `${text}${percent ?? ''}`
    if (news === last && elapsedMs - lastMs < HEARTBEAT_MS) return
    last = news
    lastMs = elapsedMs
    progress({ message: `${subject}: ${text}`, percent, elapsedMs })
  }
}

function textOf<T>(seen: Look<T>): string {
  if (seen.kind === 'going-on') return seen.status
  return seen.kind === 'unclear' ? `no response, retrying (${withoutStop(seen.error.message)})` : 'not visible yet'
}
