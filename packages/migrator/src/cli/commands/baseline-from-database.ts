import { relative } from 'node:path'
import { postgresScript } from '../../dialects/postgres/script/language.ts'
import { baselineId } from '../../load/baseline-files.ts'
import { type WrittenBaseline, writeBaseline } from '../../runner/baseline-from-database.ts'
import { approveHistory } from '../approval.ts'
import type { CliEnvironment, DatabaseContext } from '../command-context.ts'
import { migrationsDirectoryOf } from '../migration-set.ts'
import type { HistoryFlags } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { withScratch } from '../scratch.ts'
import type { ScratchFlags } from '../scratch-options.ts'
import { createDatabaseContext, runOptionsOf } from '../wiring.ts'
import { headline, STATUS } from './run-outcome.ts'

export interface FromDatabaseFlags extends HistoryFlags, ScratchFlags {
  readonly name?: string
}

/** Writes the first migration from the live database, proves it, and records it. */
export async function fromDatabase(flags: FromDatabaseFlags, environment: CliEnvironment): Promise<Outcome> {
  const directory = migrationsDirectoryOf(flags, environment)
  // Before a server is started or asked.
  const id = baselineId(directory, flags.name, postgresScript)
  const command = await createDatabaseContext(flags, environment)
  try {
    const { context, connectionString, env, output } = command
    const onReading = () => output.doing(`Reading the schema of ${context.database.location.database}`)
    const place = { directory, id, text: postgresScript, environment: env.inherited, onReading }
    const report = await writeBaseline(context, place, {
      ...runOptionsOf(flags, environment.config),
      dryRun: flags.dryRun ?? false,
      approve: () => approveHistory(command, flags.confirm),
      withScratch: (work) => withScratch(flags, environment, connectionString, work),
    })
    return outcomeOf(command, report)
  } finally {
    await command.close()
  }
}

function outcomeOf(command: DatabaseContext, report: WrittenBaseline): Outcome {
  const { id, files, writtenBy, provenOn, notes, dryRun, sql } = report
  const shown = files.map((path) => relative(command.env.invokedFrom ?? process.cwd(), path))
  const lines = [
    headline(command),
    `${dryRun ? 'Would write' : 'Wrote'} (by ${writtenBy}):`,
    ...shown.map((path) => `  ${path}`),
    `Proven on ${provenOn}: it makes the schema of this database, and its down removes all of it.`,
    `${dryRun ? 'Would record' : 'Recorded'} ${id} as applied, without running it.`,
    ...notes.map((note) => `Note: ${note}`),
    ...(sql
      ? ['', `-- ${shown[0]}`, sql.up, `-- ${shown[1]}`, sql.down]
      : ['', nextCommands(command.output, [STATUS, REHEARSE])]),
  ]
  return { document: { runId: command.runId, ...report }, text: lines.join('\n') }
}

const REHEARSE = ['db:rehearse --all --write', 'rehearse it with rows, and certify it'] as const
