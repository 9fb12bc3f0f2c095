import { invalidFiles, problemsIn } from '../../core/file-problem.ts'
import type { Migration } from '../../core/migration.ts'
import { type SquashedScript, squashed, squashObstacle } from '../../core/squash.ts'
import { nearestIds } from '../../core/target.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import type { MigrationSet } from '../run/context.ts'
import { proveScript, type ScriptProof } from './prove-script.ts'
import { schemaAt } from './schema-at.ts'

export interface SquashReport {
  readonly replaced: readonly string[]
  readonly script: SquashedScript
  readonly proof: ScriptProof
}

/**
 * One migration for the first ones up to and including `to`: their scripts one after the other. Proves on a scratch server that
 * it makes the same schema as they do, and that its down leaves nothing. Writes no file and asks no live database.
 *
 * Rejects with TARGET_UNKNOWN, MIGRATION_FILES_INVALID, NOT_SUPPORTED (modules, migrations outside a transaction, another
 * tool's folder), SCHEMA_NOT_PROVEN and SCRATCH_UNAVAILABLE.
 */
export async function squash(
  set: MigrationSet,
  to: string,
  load: (script: SquashedScript) => Promise<Migration>,
  withScratch: <T>(work: (scratch: ScratchContext) => Promise<T>) => Promise<T>,
): Promise<SquashReport> {
  const range = await rangeOf(set, to)
  const script = squashed(range)
  const migration = await load(script)
  const proof = await withScratch(async (context) => {
    const scratch = await schemaAt(context, range, 'when it took long')
    try {
      const on = await scratch.database.connect({ modules: false })
      const expected = await scratch.database.catalog.snapshot(on)
      return await proveScript(context, migration, expected)
    } finally {
      await scratch.drop()
    }
  })
  return { replaced: range.map(({ id }) => id), script, proof }
}

async function rangeOf({ files, problems, tool }: MigrationSet, to: string): Promise<readonly Migration[]> {
  if (problems.length > 0) throw invalidFiles(problems)
  if (tool !== undefined)
    throw refused(
      `This folder has the format of ${tool}; only this tool's own pairs can be squashed.`,
      `Squash them with ${tool}, if it can. Nothing was changed.`,
    )
  const at = files.findIndex(({ id }) => id === to)
  if (at < 0) {
    const near = nearestIds(
      to,
      files.map(({ id }) => id),
    )
    const hint = near.length > 0 ? { hint: `Did you mean ${near.join(', ')}?` } : {}
    throw new MigratorError('TARGET_UNKNOWN', `There is no migration "${to}".`, hint)
  }
  if (at === 0)
    throw new MigratorError('USAGE_INVALID', `${to} is the first migration: there is nothing to squash.`, {
      hint: 'Name a later migration. Nothing was changed.',
    })
  const broken: unknown[] = []
  const range: Migration[] = []
  for (const file of files.slice(0, at + 1)) {
    const migration = await file.load().catch((error: unknown) => void broken.push(error))
    if (migration) range.push(migration)
  }
  if (broken.length > 0) throw invalidFiles(broken.flatMap(problemsIn))
  const obstacles = range.flatMap((each) => {
    const why = squashObstacle(each)
    return why === undefined ? [] : [`${each.id} ${why}`]
  })
  if (obstacles.length > 0) throw refused(`${obstacles.join('; ')}: only SQL in a transaction can be squashed.`)
  return range
}

function refused(
  message: string,
  hint = 'Squash only up to a migration before it. Nothing was changed.',
): MigratorError {
  return new MigratorError('NOT_SUPPORTED', message, { hint })
}
