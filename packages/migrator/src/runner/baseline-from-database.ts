import {
  baselineFromDatabase,
  type DatabaseBaselineOptions,
  type DatabaseBaselineReport,
} from '../engine/history/baseline-from-database.ts'
import type { Context } from '../engine/run/context.ts'
import { unsupported } from '../engine/run/unsupported.ts'
import { baselineFiles, type SchemaFiles } from '../load/baseline-files.ts'
import type { SchemaSource } from '../ports/schema-source.ts'
import type { ScriptText } from '../ports/script-language.ts'

/** What `baselineFromDatabase` wrote and recorded, or would. */
export interface WrittenBaseline {
  readonly id: string
  readonly files: readonly string[]
  /** `pg_dump 18.1`, or `the system catalogs`. */
  readonly writtenBy: string
  /** The scratch server on which it was proven. */
  readonly provenOn: string
  /** What it leaves out on purpose, and what it needs from a server. */
  readonly notes: readonly string[]
  /** Ids recorded as applied, or, in a dry run, that would be. */
  readonly recorded: readonly string[]
  readonly dryRun: boolean
  /** The texts of both files, in a dry run. */
  readonly sql?: { readonly up: string; readonly down: string } | undefined
}

export interface BaselinePlace {
  readonly directory: string
  readonly id: string
  readonly text: ScriptText
  /** What pg_dump inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Called before the schema is read. */
  readonly onReading?: () => void
}

export async function writeBaseline(
  context: Context,
  { directory, id, text, environment, onReading }: BaselinePlace,
  options: DatabaseBaselineOptions,
): Promise<WrittenBaseline> {
  const { database, signal } = context
  const source = database.schemaSource?.({ environment, signal })
  if (!source) throw unsupported('writing a migration from the live schema', 'Write the first migration by hand.')
  const announced: SchemaSource = {
    script(on) {
      onReading?.()
      return source.script(on)
    },
    snapshot: (on) => source.snapshot(on),
  }
  const files = baselineFiles({ directory, id, database: database.location.database, text })
  return writtenBy(files, await baselineFromDatabase(context, announced, files, options))
}

function writtenBy(files: SchemaFiles, report: DatabaseBaselineReport): WrittenBaseline {
  const { id, script, proof, recorded, dryRun } = report
  const [up = '', down = ''] = files.texts(script)
  return {
    ...{ id, files: files.paths, writtenBy: script.writtenBy, provenOn: proof.server, notes: script.notes },
    ...{ recorded, dryRun },
    ...(dryRun ? { sql: { up, down } } : {}),
  }
}
