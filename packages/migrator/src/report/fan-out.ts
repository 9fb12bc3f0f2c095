import type { EventLog, EventSink } from '../ports.ts'

/** One stream to many sinks. */
export function fanOut(sinks: readonly EventSink[]): EventSink {
  return {
    emit(event) {
      for (const sink of sinks) sink.emit(event)
    },
    async flush() {
      for (const sink of sinks) await sink.flush()
    },
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
export function lazyLog(open: () => Promise<EventLog>): EventLog {
  let log: Promise<EventLog> | undefined
  return {
    emit(event) {
      log ??= open()
      void log.then((opened) => opened.emit(event))
    },
    async flush() {
      await (await log)?.flush()
    },
    async close() {
      await (await log)?.close()
    },
  }
}
