import { harmlessly, textOfError } from '../core/harmless.ts'
import type { EventLog, EventSink } from '../ports/events.ts'

type Warn = (message: string) => void

/** So long a run waits for its logs when it is over. */
const PATIENCE_MS = 10_000

/**
 * One stream to many sinks. A sink that throws, rejects or never finishes is one warning and changes nothing else: the
 * others get the event, and so does it the next time.
 */
export function fanOut(sinks: readonly EventSink[], onWarning: Warn): EventSink {
  const receivers = sinks.map((sink) => receiver(sink, onWarning))
  return {
    emit(event) {
      for (const { emit } of receivers) emit(event)
    },
    async flush() {
      await Promise.all(receivers.map(({ flush }) => flush()))
    },
  }
}

function receiver(sink: EventSink, onWarning: Warn): EventSink {
  let warned = false
  const onFailure = (error: unknown) => {
    if (!warned) onWarning(`An event listener failed, which changed nothing else: ${textOfError(error)}`)
    warned = true
  }
  return {
    emit: (event) => harmlessly(() => sink.emit(event), onFailure),
    flush: () => patiently(() => sink.flush(), onFailure),
  }
}

/** Resolves when the work is over, whatever became of it, or has taken too long. */
export async function patiently(
  work: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not finish within ${patienceMs / 1000} s`)), patienceMs)
  })
  try {
    await Promise.race([work(), late])
  } catch (error) {
    onFailure(error)
  } finally {
    clearTimeout(timer)
  }
}

/** What a person who reads a document afterwards wants to see meanwhile: a backup may take an hour. */
export function onlyBackups(sink: EventSink): EventSink {
  return {
    emit(event) {
      if (event.kind.startsWith('backup-')) sink.emit(event)
    },
    flush: () => sink.flush(),
  }
}

/** A log that is opened by its first event: what has nothing to log opens nothing. */
export function lazyLog(open: () => Promise<EventLog>, onWarning: Warn): EventLog {
  let log: Promise<EventLog | undefined> | undefined
  const onFailure = (error: unknown) => onWarning(`The log cannot be written: ${textOfError(error)}`)
  return {
    emit(event) {
      log ??= open().catch((error: unknown) => void onFailure(error))
      log.then((opened) => opened?.emit(event)).catch(onFailure)
    },
    async flush() {
      await (await log)?.flush()
    },
    async close() {
      await patiently(async () => (await log)?.close(), onFailure)
    },
  }
}
