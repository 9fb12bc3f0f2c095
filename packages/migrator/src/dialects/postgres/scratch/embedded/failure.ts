import { readFile } from 'node:fs/promises'
import { MigratorError } from '../../../../errors.ts'

/** An EMBEDDED_SERVER_FAILED with the last lines of what PostgreSQL said, if it said anything. */
export function serverFailure(
  message: string,
  init: {
    readonly hint?: string
    readonly output?: string
    readonly cause?: unknown
    /** The package that is not installed. */
    readonly missing?: string
  } = {},
): MigratorError {
  const tail = lastLines(init.output ?? '')
  return new MigratorError('EMBEDDED_SERVER_FAILED', tail === '' ? message : `${message}\n${tail}`, {
    ...(init.hint === undefined ? {} : { hint: init.hint }),
    ...(init.cause === undefined ? {} : { cause: init.cause }),
    details: { output: tail, ...(init.missing === undefined ? {} : { missing: init.missing }) },
  })
}

/**
 * Runs `work`; a failed system call in it (no space, no permission, read-only …) becomes an EMBEDDED_SERVER_FAILED that
 * names the directory. Other errors pass through untouched.
 */
export async function explaining<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw serverFailure(`The embedded PostgreSQL cannot use ${directory}: ${error.message}`, {
      hint: 'Make sure that you can write to the folder and the disk is not full, or set DATABASE_URL.',
      cause: error,
    })
  }
}

/** What a log file holds; empty if it cannot be read, because it only ever decorates another error. */
export function readLog(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function lastLines(output: string): string {
  return output.trim().split(/\r?\n/).slice(-12).join('\n')
}
