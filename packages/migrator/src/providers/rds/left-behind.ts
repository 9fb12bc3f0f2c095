import { MigratorError } from '../../errors.ts'

/** What stays with AWS when the work on it ends early. */
export interface Left {
  readonly signal: AbortSignal
  /** The id of the backup that was begun. */
  readonly backup?: string | undefined
  /** What else was made. */
  readonly made?: readonly string[] | undefined
  readonly text?: string | undefined
  /** How to look at it and how to remove it. */
  readonly look?: string | undefined
}

/** Does the work; when it fails, or is interrupted, the error says what is left behind. An abort keeps its own reason's code. */
export async function leftBehind<T>(left: Left, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (left.signal.aborted && !(error instanceof MigratorError)) throw withLeft(stopped(left.signal.reason), left)
    throw error instanceof MigratorError ? withLeft(error, left) : error
  }
}

/** A call's answer never came: the error says what to look for. */
export function maybeMade(error: unknown, what: string, details: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof MigratorError)) return error
  return new MigratorError(
    error.code,
    `${error.message} ${what} may have been started nevertheless: the response was lost.`,
    {
      hint: `${error.hint} Check first whether it exists.`,
      details: { ...error.details, ...details },
      cause: error.cause,
    },
  )
}

/** Ctrl-C aborts without a reason of its own; a lost lock, say, has one. */
export function stopped(reason: unknown): MigratorError {
  if (reason instanceof MigratorError) return reason
  return new MigratorError('INTERRUPTED', 'Stopped waiting: the command was interrupted.', { cause: reason })
}

function withLeft(error: MigratorError, { backup, made, text, look }: Left): MigratorError {
  if (text === undefined) return error
  const before = Array.isArray(error.details.made) ? error.details.made : []
  const stays = error.code === 'BACKUP_FAILED' ? '' : ` ${text}`
  return new MigratorError(error.code, `${error.message}${stays}`, {
    hint: look === undefined ? error.hint : `${error.hint} ${look}`,
    details: { ...error.details, ...(backup && { backup }), ...(made && { made: [...made, ...before] }) },
    cause: error.cause,
  })
}
