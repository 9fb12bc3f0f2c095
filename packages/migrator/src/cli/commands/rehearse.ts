import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { staleCertificates } from '../../core/certificate.ts'
import { invalidFiles } from '../../core/file-problem.ts'
import type { Migration } from '../../core/migration.ts'
import { plural } from '../../core/plural.ts'
import { nearestIds } from '../../core/target.ts'
import { withRehearsals } from '../../engine/rehearse/certify.ts'
import { type Rehearsal, rehearse } from '../../engine/rehearse/rehearse.ts'
import { MigratorError } from '../../errors.ts'
import { changedSince } from '../../load/changed-since.ts'
import { loadAll } from '../../load/index.ts'
import { readLockFile, writeLockFile } from '../../load/lock-file.ts'
import { rehearsalDocument } from '../../report/rehearsal-json.ts'
import { rehearsalText, verdictPaint } from '../../report/rehearsal-text.ts'
import type { Cli } from '../command.ts'
import type { CliEnvironment } from '../command-context.ts'
import { namedDatabase } from '../database.ts'
import { migrationsDirectoryOf, readMigrationSet } from '../migration-set.ts'
import { type CommonFlags, projectOptions } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { livePending } from '../pending.ts'
import { withScratch } from '../scratch.ts'
import { SCRATCH_URL, type ScratchFlags } from '../scratch-options.ts'
import { invalid } from '../values.ts'

interface RehearseFlags extends CommonFlags, ScratchFlags {
  readonly ids?: readonly string[]
  readonly all?: boolean
  readonly since?: string
  readonly write?: boolean
}

export const rehearseCommand = (cli: Cli) => ({
  command: 'rehearse',
  describe: 'Prove that migrations can go up, down and up again, on a scratch database',
  builder: (yargs: Argv) =>
    projectOptions(yargs)
      .usage(
        `${cli.invocation.command('rehearse')} [ids..] [options]\n\nRun each migration up, down and up again on a scratch database that has all earlier migrations, with rows in the tables, and compare schema and rows. Without ids, rehearse what is pending. The live database is never changed.`,
      )
      // Ids stand beside the command's name: as a list of their own yargs would keep the last one only.
      .strict(false)
      .strictOptions()
      .option('all', { type: 'boolean', default: false, describe: 'Rehearse every migration' })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Rehearse what changed since this commit or branch',
      })
      .option('write', { type: 'boolean', default: false, describe: 'Write the results to migrations.lock.json' })
      .option('scratch-url', SCRATCH_URL)
      .example(cli.invocation.command('rehearse'), 'rehearse what is pending')
      .example(`${cli.invocation.command('rehearse')} --all --write`, 'rehearse everything and keep the proof')
      .example(`${cli.invocation.command('rehearse')} --since origin/main`, 'rehearse what a pull request adds'),
  handler: (flags: RehearseFlags & { readonly _: readonly unknown[] }) =>
    cli.runUntilInterrupted(flags, (environment) =>
      runRehearse({ ...flags, ids: flags._.slice(1).map(String) }, environment),
    ),
})

async function runRehearse(flags: RehearseFlags, environment: CliEnvironment): Promise<Outcome> {
  const { output } = environment
  refuseMixed(flags)
  const directory = migrationsDirectoryOf(flags, environment)
  const { migrations, problems } = await loadAll(readMigrationSet(flags, environment))
  if (problems.length > 0) throw invalidFiles(problems)
  const chosen = await choose(flags, environment, directory, migrations)
  const live = namedDatabase(flags, environment)?.connectionString
  const rehearsals =
    chosen.size === 0
      ? []
      : await withScratch(flags, environment, live, (context) =>
          rehearse(context, migrations, { chosen, onProgress: (rehearsal) => tell(environment, rehearsal) }),
        )
  const written = flags.write ? await write(directory, migrations, rehearsals) : undefined
  const broken = rehearsals.filter(({ verdict }) => verdict === 'broken')
  const error = broken.length > 0 ? failed(broken) : rehearsals.find(({ obstacle }) => obstacle)?.obstacle
  const document = { ...rehearsalDocument(rehearsals), ...(written ? { lockFile: written } : {}) }
  const text = output.json ? '' : textOf(rehearsals, environment, written)
  return { document, text, error }
}

function refuseMixed({ ids = [], all, since }: RehearseFlags): void {
  const given = [ids.length > 0, all === true, since !== undefined].filter(Boolean).length
  if (given > 1) throw invalid('Ids, --all and --since cannot be combined.', 'Use at most one of them.')
}

async function choose(
  { ids = [], all, since, ...flags }: RehearseFlags,
  environment: CliEnvironment,
  directory: string,
  migrations: readonly Migration[],
): Promise<ReadonlySet<string>> {
  const known = migrations.map(({ id }) => id)
  if (all) return new Set(known)
  if (ids.length > 0) return new Set(ids.map((id) => knownId(id, known)))
  if (since !== undefined) {
    const changed = await changedSince(resolve(directory), since)
    return new Set(
      migrations
        .filter(({ sources, seed }) =>
          [...sources.map(({ path }) => path), seed?.file ?? ''].some((path) => changed.has(path)),
        )
        .map(({ id }) => id),
    )
  }
  const pending = await livePending(flags, environment, migrations)
  if (pending) return pending
  // No database tells what is pending: then it is what nobody has proven yet.
  return new Set(
    staleCertificates(migrations, readLockFile(directory))
      .map(({ id }) => id)
      .filter((id) => known.includes(id)),
  )
}

function knownId(id: string, known: readonly string[]): string {
  if (known.includes(id)) return id
  const near = nearestIds(id, known)
  const meant = near.length > 0 ? ` Nearest: ${near.join(', ')}.` : ''
  throw new MigratorError('TARGET_UNKNOWN', `There is no migration ${id}.${meant}`, { details: { id, nearest: near } })
}

async function write(
  directory: string,
  migrations: readonly Migration[],
  rehearsals: readonly Rehearsal[],
): Promise<string> {
  const ids = new Set(migrations.map(({ id }) => id))
  return writeLockFile(directory, withRehearsals(readLockFile(directory), rehearsals, ids))
}

/** Object by object it stands in the report. */
function failed(broken: readonly Rehearsal[]): MigratorError {
  const told = broken.map(
    ({ id, reasons: [worst = ''] }) => `${id} is broken. ${worst.split('\n')[0]?.replace(/:$/, '.')}`,
  )
  return new MigratorError('REHEARSAL_FAILED', told.join('\n'), { details: { ids: broken.map(({ id }) => id) } })
}

/** One line each on stderr, as they come: all of them may take a minute. */
function tell({ output }: CliEnvironment, { id, verdict, durationMs }: Rehearsal): void {
  if (output.json) return
  const { progressStyle } = output
  const painted = verdictPaint(progressStyle, verdict)(verdict)
  process.stderr.write(`${id} ${painted} ${progressStyle.colours.dim(`${Math.round(durationMs)} ms`)}\n`)
}

function textOf(rehearsals: readonly Rehearsal[], { output }: CliEnvironment, written: string | undefined): string {
  if (rehearsals.length === 0) return 'Nothing to rehearse. --all rehearses everything.'
  const told = [rehearsalText(rehearsals, output.style)]
  if (written)
    told.push(`Wrote ${plural(rehearsals.length, 'certificate', 'certificates')} to ${written}; review and commit it.`)
  else told.push('', nextCommands(output, [['db:rehearse --write', 'keep the proof in migrations.lock.json']]))
  return told.join('\n')
}
