/**
 * Report: events and results, made readable. Knows no database and runs nothing.
 * This file: the log file, one JSON object a line. docs/reference/log-format.md
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { Operator } from '../core/history.ts'
import { redact } from '../core/redact.ts'
import type { EventSink, RunEvent } from '../ports/events.ts'

/** Lines are gathered for so long, so that many short steps cost few writes. */
const LINGER_MS = 100

const LEFT_OUT = new Set<RunEvent['kind']>(['step-progress', 'backup-progress'])

/** Appends to the file, creating it when the first event comes. A file that can't be written is one warning, never a failure. */
export function jsonLinesSink(
  path: string,
  operator: () => Promise<Operator>,
  onWarning: (message: string) => void,
): EventSink {
  let log: Promise<OpenLog | undefined> | undefined
  let due: NodeJS.Timeout | undefined
  return {
    emit(event) {
      if (LEFT_OUT.has(event.kind)) return
      log ??= openLog(path, operator).catch(giveUp)
      // One promise for all: its continuations run in the order in which they were attached.
      log.then((open) => open?.logger[event.level](lineOf(event))).catch(giveUp)
      due ??= setTimeout(flush, LINGER_MS).unref()
    },
    flush,
  }

  async function flush(): Promise<void> {
    clearTimeout(due)
    due = undefined
    try {
      const open = await log
      open?.flush()
    } catch (error) {
      log = Promise.resolve(giveUp(error as Error))
    }
  }

  function giveUp({ message }: Error): undefined {
    onWarning(`Failed to write to migration log file ${path}: ${message}`)
  }
}

interface OpenLog {
  readonly logger: Logger
  flush(): void
}

/** The file is opened anew for every write, so that it may be rotated; a destination of pino's would wait for the disk. */
async function openLog(path: string, operator: () => Promise<Operator>): Promise<OpenLog> {
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, '', { mode: 0o600 })
  const { default: pino } = await import('pino')
  let waiting = ''
  const logger = pino(
    {
      base: { operator: redact(await operator()) },
      messageKey: 'message',
      level: 'debug',
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        waiting += line
      },
    },
  )
  return {
    logger,
    flush() {
      const lines = waiting
      waiting = ''
      if (lines !== '') appendFileSync(path, lines, { mode: 0o600 })
    },
  }
}

function lineOf({ level: _, direction, kind, ...event }: RunEvent): object {
  const durationMs = event.durationMs === undefined ? undefined : Math.round(event.durationMs)
  return redact({ ...event, durationMs, type: direction, event: kind }) as object
}
