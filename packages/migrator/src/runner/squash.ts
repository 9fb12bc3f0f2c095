import { readName } from '../core/new-id.ts'
import { squash } from '../engine/rehearse/squash.ts'
import type { Context, MigrationSet } from '../engine/run/context.ts'
import { squashedFiles } from '../load/squashed-files.ts'
import type { ScriptText } from '../ports/script-language.ts'

export interface SquashReport {
  /** The new migration. */
  readonly id: string
  /** Its files: an up, and a down unless one of the replaced migrations is irreversible. */
  readonly files: readonly string[]
  /** Ids of the migrations that it replaces. */
  readonly replaced: readonly string[]
  /** Where their files are moved; null where they are deleted. */
  readonly moved: string | null
  readonly dryRun: boolean
  /** The scratch server on which it was proven. */
  readonly provenOn: string
}

export interface Squashing {
  readonly set: MigrationSet
  readonly directory: string
  readonly script: ScriptText
  readonly to: string
  readonly name: string | undefined
  readonly fate: 'move' | 'delete'
  readonly dryRun: boolean
}

/** Proves the squashed migration and, unless it is a dry run, writes it in the place of the others. */
export async function squashFolder(
  { set, directory, script, to, name, fate, dryRun }: Squashing,
  withScratch: NonNullable<Context['withScratch']>,
): Promise<SquashReport> {
  const id = `${/^\d+/.exec(to)?.[0] ?? ''}_${readName(name ?? 'squashed')}`
  const files = squashedFiles(directory, id, script)
  const { replaced, script: squashed, proof } = await squash(set, to, files.load, withScratch)
  if (!dryRun) await files.write(squashed, replaced, fate)
  return {
    ...{ id, files: files.paths(squashed), replaced, dryRun },
    moved: fate === 'delete' ? null : files.aside,
    provenOn: proof.server,
  }
}
