import { type CatalogSnapshot, portable } from '../../core/catalog.ts'
import { invalidFiles } from '../../core/file-problem.ts'
import type { Migration } from '../../core/migration.ts'
import { type CatalogDiff, diffCatalogs, explainDifferences } from '../../core/schema-diff.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import { interruptedBy } from '../run/begin.ts'
import { unrunnable } from '../run/prepare.ts'
import { refuseWhatIsMissing } from './refuse-what-is-missing.ts'
import { announced, tryStep } from './try-step.ts'

export interface ScriptProof {
  /** The scratch server, for people. */
  readonly server: string
  /** The fingerprint of the schema that the migration makes. */
  readonly fingerprint: string
}

/**
 * Applies a migration to an empty scratch database and compares what it made with what it should make; then its down, which
 * must leave nothing. The database is dropped, whatever happened. Rejects with SCHEMA_NOT_PROVEN, naming every difference,
 * or the statement that failed.
 */
export async function proveScript(
  context: ScratchContext,
  migration: Migration,
  expected: CatalogSnapshot,
): Promise<ScriptProof> {
  const scratch = await context.server.empty()
  try {
    const { catalog, script } = scratch.database
    const problems = [
      ...(await unrunnable(script, migration, migration.up)),
      ...(await unrunnable(script, migration, migration.down)),
    ]
    if (problems.length > 0) throw invalidFiles(problems)
    const on = await scratch.database.connect({ modules: migration.format === 'module' })
    return await interruptedBy(context.signal, on, async () => {
      const empty = await catalog.snapshot(on)
      for (const direction of ['up', ...(migration.down ? (['down'] as const) : [])] as const) {
        const watch = announced(context, migration, direction)
        await tryStep(on, scratch, { migration, direction, signal: context.signal, watch }).catch(
          async (error: unknown) => {
            context.signal.throwIfAborted()
            await refuseWhatIsMissing(context, on, migration, error)
            throw failed(direction, error)
          },
        )
        if (direction === 'up') refuse(diffCatalogs(portable(expected), portable(await catalog.snapshot(on))), UP)
        else refuse(diffCatalogs(empty, await catalog.snapshot(on)), DOWN)
      }
      return { server: context.server.name, fingerprint: await catalog.fingerprintOf(expected) }
    })
  } finally {
    await scratch.drop()
  }
}

const UP =
  'The migration does not make the same schema (+ only the migration makes it, - it does not make it, ~ differs)'
const DOWN = 'The down does not remove everything that the up makes (+ is left behind, - is removed too, ~ differs)'

function refuse({ verdict, differences }: CatalogDiff, what: string): void {
  if (verdict !== 'differs') return
  const message = [`${what}:`, ...explainDifferences(differences)].join('\n')
  throw new MigratorError('SCHEMA_NOT_PROVEN', message, { details: { differences } })
}

function failed(direction: 'up' | 'down', cause: unknown): unknown {
  if (!(cause instanceof MigratorError) || cause.code === 'INTERRUPTED') return cause
  const message = `The ${direction} does not run on a scratch database: ${cause.message}`
  return new MigratorError('SCHEMA_NOT_PROVEN', message, { cause, details: cause.details })
}
