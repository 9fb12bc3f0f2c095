import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Migration } from '../../core/migration.ts'
import { createSchemaSource } from '../../dialects/postgres/schema-script/index.ts'
import {
  type BaselineFiles,
  baselineFromDatabase,
  type DatabaseBaselineReport,
} from '../../engine/history/baseline-from-database.ts'
import { MigratorError } from '../../errors.ts'
import { readDirectory } from '../../migration-files.ts'
import type { SchemaScript, SchemaSource } from '../../ports/schema-source.ts'
import { approveHistory } from '../approval.ts'
import type { CliEnvironment, DatabaseContext } from '../command-context.ts'
import { migrationsDirectoryOf } from '../migration-set.ts'
import type { HistoryFlags } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { withScratch } from '../scratch.ts'
import type { ScratchFlags } from '../scratch-options.ts'
import { createDatabaseContext, runOptionsOf } from '../wiring.ts'
import { loadAside } from './load-aside.ts'
import { nextNumber, readName, writeNew } from './new.ts'
import { headline, STATUS } from './run-outcome.ts'

export interface FromDatabaseFlags extends HistoryFlags, ScratchFlags {
  readonly name?: string
}

/** Writes the first migration from the live database, proves it, and records it. */
export async function fromDatabase(flags: FromDatabaseFlags, environment: CliEnvironment): Promise<Outcome> {
  const id = `${nextNumber([], new Date())}_${readName(flags.name ?? 'baseline')}`
  const directory = migrationsDirectoryOf(flags, environment)
  refuseMigrations(directory)
  const command = await createDatabaseContext(flags, environment)
  try {
    const { context, database, connectionString, env, signal } = command
    const source = createSchemaSource({
      own: database.ownObjects,
      connectionString,
      // Of several servers it is known once one was reached.
      get location() {
        return database.location
      },
      environment: env.inherited,
      signal,
    })
    const files = filesIn(directory, id, database.location.database)
    const announced: SchemaSource = {
      script(on) {
        command.output.doing(`Reading the schema of ${database.location.database}`)
        return source.script(on)
      },
      snapshot: (on) => source.snapshot(on),
    }
    const report = await baselineFromDatabase(context, announced, files, {
      ...runOptionsOf(flags, environment.config),
      dryRun: flags.dryRun ?? false,
      approve: () => approveHistory(command, flags.confirm),
      withScratch: (work) => withScratch(flags, environment, connectionString, work),
    })
    return outcomeOf(command, report, files)
  } finally {
    await command.close()
  }
}

/** What is broken is a migration too. */
function refuseMigrations(directory: string): void {
  if (!existsSync(directory)) return
  const { files, problems } = readDirectory(directory)
  const [first, ...rest] = [...files.map(({ id }) => id), ...problems.map(({ path }) => path)]
  if (first === undefined) return
  const more = rest.length === 0 ? '' : ` and ${rest.length} more`
  throw new MigratorError('BASELINE_REFUSED', `${directory} has migrations already: ${first}${more}.`, {
    hint: 'Record them as applied with db:baseline ID, or name an empty folder with --migrations DIR. Nothing was written.',
  })
}

interface Files extends BaselineFiles {
  readonly paths: readonly string[]
  /** What each of them holds. */
  texts(script: SchemaScript): readonly string[]
}

function filesIn(directory: string, id: string, database: string): Files {
  const names = [`${id}.up.sql`, `${id}.down.sql`]
  const paths = names.map((name) => join(directory, name))
  const texts = ({ up, down, writtenBy }: SchemaScript) => [
    `-- description: The schema of ${JSON.stringify(database)} when it was adopted\n-- Written from the database by ${writtenBy}.\n\n${up}`,
    `-- Drops everything that ${names[0]} creates, with the data in it.\n\n${down}`,
  ]
  return {
    paths,
    texts,
    load: (script) => loadFrom(names, texts(script)),
    async write(script) {
      mkdirSync(directory, { recursive: true })
      for (const [at, text] of texts(script).entries()) writeNew(paths[at] ?? '', text)
    },
    async remove() {
      for (const path of paths) rmSync(path, { force: true })
    },
  }
}

async function loadFrom(names: readonly string[], texts: readonly string[]): Promise<Migration> {
  const { migration } = await loadAside(names, texts)
  if (migration) return migration
  throw new MigratorError('BASELINE_REFUSED', 'The database has no schema to write a migration from.', {
    hint: 'Write the first migration with db:new. Nothing was written.',
  })
}

function outcomeOf(command: DatabaseContext, report: DatabaseBaselineReport, files: Files): Outcome {
  const { id, script, proof, recorded, dryRun } = report
  const [up = '', down = ''] = files.texts(script)
  const shown = files.paths.map((path) => relative(command.env.invokedFrom ?? process.cwd(), path))
  const document = {
    ...{ runId: command.runId, id, files: files.paths, writtenBy: script.writtenBy, provenOn: proof.server },
    ...{ notes: script.notes, recorded, dryRun },
    ...(dryRun ? { sql: { up, down } } : {}),
  }
  const lines = [
    headline(command),
    `${dryRun ? 'Would write' : 'Wrote'} (by ${script.writtenBy}):`,
    ...shown.map((path) => `  ${path}`),
    `Proven on ${proof.server}: it makes the schema of this database, and its down removes all of it.`,
    `${dryRun ? 'Would record' : 'Recorded'} ${id} as applied, without running it.`,
    ...script.notes.map((note) => `Note: ${note}`),
    ...(dryRun
      ? ['', `-- ${shown[0]}`, up, `-- ${shown[1]}`, down]
      : ['', nextCommands(command.output, [STATUS, REHEARSE])]),
  ]
  return { document, text: lines.join('\n') }
}

const REHEARSE = ['db:rehearse --all --write', 'rehearse it with rows, and certify it'] as const
