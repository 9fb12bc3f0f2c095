import { MigratorError } from '../errors.ts'
import type { EventSink, RunEvent } from '../ports/events.ts'

/** What a run has begun and not ended, read from its events. */
export interface Underway {
  readonly sink: EventSink
  /** What quitting now leaves behind. */
  left(): MigratorError
}

export function watchUnderway(): Underway {
  let current: RunEvent | undefined
  return {
    sink: {
      emit(event) {
        if (BEGINS.has(event.kind)) current = event
        else if (ENDS.has(event.kind)) current = undefined
      },
      flush: async () => {},
    },
    left: () => leftBy(current),
  }
}

const BEGINS: ReadonlySet<RunEvent['kind']> = new Set<RunEvent['kind']>([
  ...(['step-started', 'recovery-started', 'backup-started', 'backup-progress'] as const),
])
const ENDS: ReadonlySet<RunEvent['kind']> = new Set<RunEvent['kind']>([
  ...(['step-applied', 'step-reverted', 'step-failed', 'record-dropped', 'recovered', 'recovery-failed'] as const),
  ...(['backup-taken', 'backup-failed', 'backup-restored', 'run-finished', 'run-failed'] as const),
])

function leftBy(event: RunEvent | undefined): MigratorError {
  if (!event) return nothingBegun()
  const { kind, version, direction } = event
  if (kind.startsWith('backup-')) return quit(`Quit during a backup: ${event.message}.`, LOOK_AT_BACKUPS)
  const maybeDirty = kind === 'recovery-started' || event.details?.transactional === false
  if (maybeDirty) {
    const doing = kind === 'recovery-started' ? 'was being recovered' : 'was running outside a transaction'
    const hint = 'Look at db:migrate:status. The next db:migrate recovers a dirty migration.'
    return quit(`Quit while ${version} ${doing}: it may now be dirty.`, { hint, details: { dirty: [version] } })
  }
  const doing = direction === 'down' ? 'rolled back' : 'applied'
  return quit(
    `Quit while ${version} was being ${doing} in a transaction. Nothing is dirty: the server rolls the transaction back unless its COMMIT had arrived.`,
    {},
  )
}

export function nothingBegun(): MigratorError {
  return quit('Quit. No migration was running.', {})
}

const LOOK_AT_BACKUPS = { hint: 'It may be unfinished, or still running. See db:snapshot list.' }

function quit(message: string, more: { hint?: string; details?: Record<string, unknown> }): MigratorError {
  return new MigratorError('INTERRUPTED', message, more)
}
