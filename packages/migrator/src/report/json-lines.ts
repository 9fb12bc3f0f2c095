/**
 * Report: events and results, made readable. Knows no database and runs nothing.
 * This file: the log file, one JSON object a line. docs/reference/log-format.md
 */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { redact } from '../core/redact.ts'
import type { EventSink, RunEvent } from '../ports.ts'

const LEFT_OUT = new Set<RunEvent['kind']>(['step-progress'])

/** Appends to the file, creating it when the first event comes. A file that can't be written is one warning, never a failure. */
export function jsonLinesSink(path: string, onWarning: (message: string) => void): EventSink {
  let logger: Promise<Logger | undefined> | undefined
  let written: Promise<void> = Promise.resolve()
  return {
    emit(event) {
      if (LEFT_OUT.has(event.kind)) return
      logger ??= openLog(path).catch((error: Error) => {
        onWarning(`Failed to write to migration log file ${path}: ${error.message}`)
        return undefined
      })
      written = Promise.all([written, logger]).then(([, open]) => open?.[event.level](lineOf(event)))
    },
    async flush() {
      await written
      const open = await logger
      await new Promise<void>((resolve) => (open ? open.flush(() => resolve()) : resolve()))
    },
  }
}

async function openLog(path: string): Promise<Logger> {
  mkdirSync(dirname(path), { recursive: true })
  const { default: pino } = await import('pino')
  const destination = pino.destination({ dest: path, append: true, sync: true, mode: 0o600 })
  accessSync(path, constants.W_OK)
  return pino(
    {
      base: null,
      messageKey: 'message',
      level: 'debug',
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
}

function lineOf({ level: _, direction, kind, ...event }: RunEvent): object {
  const durationMs = event.durationMs === undefined ? undefined : Math.round(event.durationMs)
  return redact({ ...event, durationMs, type: direction, event: kind }) as object
}
