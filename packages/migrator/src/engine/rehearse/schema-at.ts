import type { Migration } from '../../core/migration.ts'
import { MigratorError, usualHint } from '../../errors.ts'
import type { ScratchContext, ScratchDatabase } from '../../ports/scratch.ts'
import type { StepSession } from '../../ports/step.ts'
import { interrupted } from '../run/context.ts'
import { refuseWhatIsMissing } from './refuse-what-is-missing.ts'
import { standingKeys } from './schema-key.ts'
import { announced, tryStep } from './try-step.ts'

/**
 * A scratch database that stands where these migrations lead, applied in this order on an empty one. What was built
 * before, by whichever process, is copied, and the result is kept for the next time (`when it took long`: only where many
 * were applied for it). The caller drops it. Rejects with
 * MIGRATION_FAILED, naming the migration on the way that does not apply to an empty database, and with
 * SCRATCH_UNAVAILABLE where the server lacks an extension. Then nothing is left.
 */
export async function schemaAt(
  context: ScratchContext,
  chain: readonly Migration[],
  keep: 'always' | 'when it took long' = 'always',
): Promise<ScratchDatabase> {
  const { server } = context
  const keys = standingKeys(chain, server.major)
  const kept = await server.copyOf(keys.toReversed())
  const scratch = kept?.scratch ?? (await server.empty())
  const applied = kept ? keys.indexOf(kept.key) + 1 : 0
  const missing = chain.slice(applied)
  if (missing.length === 0) return scratch
  try {
    await advance(context, scratch, missing)
    const key = keys.at(-1)
    if (key !== undefined && (keep === 'always' || missing.length > MANY)) await server.keep(scratch, key)
    return scratch
  } catch (error) {
    await scratch.drop()
    throw error
  }
}

/** Applying so many takes about as long as copying a database. */
const MANY = 16

/** Applies migrations to a scratch database; rejects as `schemaAt` does. */
export async function advance(
  context: ScratchContext,
  scratch: ScratchDatabase,
  migrations: readonly Migration[],
): Promise<void> {
  const session = await scratch.database.connect({ modules: migrations.some(({ format }) => format === 'module') })
  try {
    await advanceOn(context, { scratch, session }, migrations)
  } finally {
    await session.close()
  }
}

/** A session on a scratch database. */
export interface ScratchSession {
  readonly scratch: ScratchDatabase
  readonly session: StepSession
}

/** The same on a session that is there already, and stays open. */
export async function advanceOn(
  context: ScratchContext,
  { scratch, session }: ScratchSession,
  migrations: readonly Migration[],
): Promise<void> {
  const abandon = () => void session.cancel()
  context.signal.addEventListener('abort', abandon, { once: true })
  try {
    for (const migration of migrations) {
      throwIfAborted(context)
      const watch = announced(context, migration, 'up')
      const tried = { migration, direction: 'up', signal: context.signal, watch } as const
      await tryStep(session, scratch, tried).catch(async (error: unknown) => {
        throwIfAborted(context)
        await refuseWhatIsMissing(context, session, migration, error)
        throw unreachable(migration, error)
      })
    }
  } finally {
    context.signal.removeEventListener('abort', abandon)
  }
}

export function throwIfAborted({ signal }: Pick<ScratchContext, 'signal'>): void {
  if (signal.aborted) throw interrupted()
}

function unreachable({ id }: Migration, cause: unknown): unknown {
  if (!(cause instanceof MigratorError)) return cause
  const message = `Migration ${id} cannot be applied to an empty database, so nothing after it can be rehearsed: ${cause.message}`
  const hint =
    cause.hint === usualHint('MIGRATION_FAILED') ? 'Correct the migration, then run the command again.' : cause.hint
  return new MigratorError('MIGRATION_FAILED', message, { cause, hint, details: { ...cause.details, id } })
}
