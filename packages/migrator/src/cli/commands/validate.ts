import type { Argv } from 'yargs'
import { describeStale, staleCertificates } from '../../core/certificate.ts'
import { invalidFiles } from '../../core/file-problem.ts'
import { renameBackHint } from '../../core/plan.ts'
import { plural } from '../../core/plural.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { postgresScript } from '../../dialects/postgres/script/language.ts'
import { type ValidateReport, validateFiles, validateWithHistory } from '../../engine/history/validate.ts'
import { type ErrorCode, MigratorError, usualHint } from '../../errors.ts'
import { readLockFile } from '../../load/lock-file.ts'
import { readDirectory } from '../../migration-files.ts'
import { statusJson } from '../../report/status-json.ts'
import type { Cli } from '../command.ts'
import type { CliEnvironment } from '../command-context.ts'
import { chosenDatabase } from '../database.ts'
import { migrationsDirectoryOf, readMigrationSet } from '../migration-set.ts'
import { type CommonFlags, projectOptions } from '../options.ts'
import type { Outcome } from '../output.ts'
import { createCommandContext } from '../wiring.ts'

interface ValidateFlags extends CommonFlags {
  readonly check?: boolean
}

export const validateCommand = (cli: Cli) => ({
  command: 'validate',
  describe: 'Check every migration file, and compare them with the history if a database is configured',
  builder: (yargs: Argv) =>
    projectOptions(yargs)
      .usage(
        `${cli.invocation.command('validate')} [options]\n\nLoad every migration and check names, order, options and SQL. Needs no database; if one is configured, compare with its history.`,
      )
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'Exit with 5 unless every migration is certified in migrations.lock.json',
      })
      .example(`${cli.invocation.command('validate')} --check`, 'in CI, before deploying'),
  handler: (flags: ValidateFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const report = await validate(flags, environment)
      const outcome = outcomeOf(report)
      return flags.check && !outcome.error ? certified(flags, environment, outcome) : outcome
    }),
})

/** Compares the lock file with the files alone: no database is needed to see that a proof is out of date. */
function certified(flags: ValidateFlags, environment: CliEnvironment, { document, text }: Outcome): Outcome {
  const directory = migrationsDirectoryOf(flags, environment)
  const stale = staleCertificates(readDirectory(directory).files, readLockFile(directory))
  if (stale.length === 0) return { document: { ...document, stale }, text: `${text}\nAll of them are certified.` }
  const message = `migrations.lock.json is out of date: ${stale.map(describeStale).join(', ')}.`
  const error = new MigratorError('CHECK_FAILED', message, {
    hint: 'Run db:rehearse --all --write, review the results, and commit the file.',
    details: { ids: stale.map(({ id }) => id) },
  })
  return { document: { ...document, stale }, text: '', error }
}

async function validate(flags: CommonFlags, environment: CliEnvironment): Promise<ValidateReport> {
  // No server is started to see whether files are valid, unless somebody asks for it.
  const wanted = chosenDatabase(flags, environment)
  if (wanted.kind !== 'named' && !flags.embedded)
    return validateFiles(readMigrationSet(flags, environment), postgresScript)
  const command = await createCommandContext(flags, environment)
  try {
    return await validateWithHistory(command.context, command.set)
  } finally {
    await command.close()
  }
}

function driftText({ id, state, file, entry, renamedTo }: MigrationStatus): string {
  if (renamedTo !== undefined) return `${id} was renamed to ${renamedTo}`
  const rewriting = state === 'changed' && entry ? file?.rewritten?.(entry.checksum) : undefined
  return `${id} is ${state === 'ahead' ? AHEAD : state}${rewriting === undefined ? '' : ` (only this: ${rewriting})`}`
}

/** Whether its file was lost, or is in a later release, only a person can say. */
const AHEAD = 'missing, unless a later release applied it'

/** Empty where the code's own hint fits: a renamed file needs another remedy than a lost one. */
function driftHint(drift: readonly MigrationStatus[], code: ErrorCode): { hint?: string } {
  const renames = drift.flatMap(({ id, renamedTo }) => (renamedTo === undefined ? [] : [renameBackHint(id, renamedTo)]))
  const others = drift.length > renames.length ? [usualHint(code)] : []
  return renames.length === 0 ? {} : { hint: [...renames, ...others].join(' ') }
}

function outcomeOf(report: ValidateReport): Outcome {
  const { count, problems, warnings, notes, tool = null, irreversible, drift, database } = report
  const document = { count, tool, database, problems, warnings, notes, irreversible, drift: drift.map(statusJson) }
  if (problems.length > 0) return { document, text: '', error: invalidFiles(problems) }
  if (drift.length > 0) {
    const told = drift.map(driftText).join(', ')
    const code = drift.some(({ state }) => state === 'changed')
      ? 'CHECKSUM_MISMATCH'
      : drift[0]?.state === 'dirty'
        ? 'MIGRATION_DIRTY'
        : drift[0]?.state === 'missing' || drift[0]?.state === 'ahead'
          ? 'MIGRATION_MISSING'
          : 'OUT_OF_ORDER'
    return {
      document,
      text: '',
      error: new MigratorError(code, `Files and history differ: ${told}.`, driftHint(drift, code)),
    }
  }
  const compared = database === 'checked' ? `, and ${count === 1 ? 'it matches' : 'they match'} the history` : ''
  const format = tool === null ? '' : ` Format: ${tool}.`
  const lines = [`${plural(count, 'migration is', 'migrations are')} valid${compared}.${format}`]
  if (tool !== null && irreversible.length > 0) lines.push(withoutDown(irreversible))
  lines.push(...notes.map(({ message }) => `Note: ${message}`))
  return { document, text: lines.join('\n') }
}

function withoutDown(ids: readonly string[]): string {
  const [first] = ids
  if (ids.length === 1) return `${first} has no down and counts as irreversible until you write one.`
  return `${ids.length} of them have no down and count as irreversible until you write one.`
}
