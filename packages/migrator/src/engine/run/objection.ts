import { type FailureKind, failureKindOf } from '../../core/failure-kind.ts'
import { sentence } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import type { Context } from './context.ts'

/**
 * A failure that a trigger of the database's own raised, as what it is: the database refuses the change, and the migration
 * need not be at fault. Ask outside of the transaction that failed; what cannot be found out leaves the error as it is.
 */
export async function namingObjector(
  { database }: Pick<Context, 'database'>,
  on: Session,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof MigratorError) || error.details.where === undefined || on.isLost) return error
  // A trigger can be interrupted like any other statement; that does not mean it objected.
  if (FROM_OUTSIDE.has(failureKindOf(error))) return error
  const objector = await database.activity?.objectorOf(on, error).catch(() => undefined)
  if (!objector) return error
  const { kind, name, disable } = objector
  const message = `${sentence(error.message)} The ${kind} ${name} of this database raised that error (function ${objector.function}).`
  return new MigratorError('PERMISSION_DENIED', message, {
    cause: error,
    hint: `Ask the owner of the ${kind} ${name} to allow this change (${disable}), then run the command again.`,
    details: { ...error.details, objector: { kind, name, function: objector.function } },
  })
}

const FROM_OUTSIDE: ReadonlySet<FailureKind | undefined> = new Set([
  ...(['cancelled', 'lock-timeout', 'deadlock', 'serialization', 'lost'] as const),
])

/** `HistoryStore.prepare`, whose DDL an event trigger may refuse. */
export async function prepareHistory(context: Pick<Context, 'database' | 'store'>, on: Session): Promise<void> {
  try {
    await context.store.prepare(on)
  } catch (error) {
    throw await namingObjector(context, on, error)
  }
}
