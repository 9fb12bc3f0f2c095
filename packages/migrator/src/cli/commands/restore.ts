import type { Argv } from 'yargs'
import { amendRecord, backupsOnRecord } from '../../engine/backup/manual-backup.ts'
import { emit } from '../../engine/run/context.ts'
import { MigratorError } from '../../errors.ts'
import type { BackupWatch, ManagedBackupProvider, RestoredPlace } from '../../ports/backup.ts'
import { approveInPlace } from '../approval.ts'
import { managedProvider, type SourceFlags, sourceOptions, timeoutOption } from '../backups.ts'
import type { Cli } from '../command.ts'
import type { DatabaseContext } from '../command-context.ts'
import { type CommonFlags, databaseOption, type YesFlag, yesOption } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { invalid, refuseTogether } from '../values.ts'
import { createDatabaseContext } from '../wiring.ts'
import { headline, STATUS } from './run-outcome.ts'

interface RestoreFlags extends CommonFlags, SourceFlags, YesFlag {
  readonly id: string
  readonly to?: string
  readonly inPlace: boolean
  readonly backup?: string
  readonly confirm?: string
}

export const restoreCommand = (cli: Cli) => ({
  command: 'restore <id>',
  describe: 'Restore a backup to a new place; --in-place for tables and template',
  builder: (yargs: Argv) =>
    yesOption(
      timeoutOption(sourceOptions(databaseOption(yargs))),
      'With --in-place: skip the confirmation prompt (local databases only)',
    )
      .usage(
        `${cli.invocation.command('restore')} ID [--to NEW_NAME] [options]\n\nRestore a backup to a new instance, cluster, database or schema, and print how to cut over. The existing one is not touched. With --in-place, restore a backup by tables or template over the current contents, which are kept.`,
      )
      .positional('id', { type: 'string', demandOption: true, describe: 'The id of the backup' })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: 'Name of the new instance, cluster, database or schema',
      })
      .option('backup', {
        type: 'string',
        requiresArg: true,
        describe: 'The provider that made it, if that is not on record',
      })
      .option('in-place', {
        type: 'boolean',
        default: false,
        describe: 'tables and template only: restore in place; what it replaces is kept',
      })
      .option('confirm', {
        type: 'string',
        requiresArg: true,
        describe: 'With --in-place: name of the database, to confirm',
      })
      .example(
        `${cli.invocation.command('restore')} pre-rollback-20261120-031500 --to summit-restored`,
        'restore an RDS snapshot to a new instance',
      ),
  // Putting back in place is waited for; what is begun beside may be abandoned, and is named.
  handler: (flags: RestoreFlags) =>
    cli[flags.inPlace ? 'run' : 'runUntilInterrupted'](flags, async (environment) => {
      refuseTogether(flags.to !== undefined && '--to', flags.inPlace && '--in-place')
      if (!flags.inPlace && (flags.yes || flags.confirm !== undefined))
        throw invalid('--yes and --confirm belong to --in-place: a restore to a new place needs no confirmation.')
      const command = await createDatabaseContext(flags, environment)
      try {
        const provider = await providerOf(command, flags)
        environment.output.doing(`Restoring ${flags.id} (${provider.name})`)
        return flags.inPlace
          ? await restoreInPlace(command, provider, flags)
          : await restoreBeside(command, provider, flags)
      } finally {
        await command.close()
      }
    }),
})

/** By the flag, by what is on record, or by asking those that keep their backups here; snapshots of AWS are asked for last. */
async function providerOf(command: DatabaseContext, flags: RestoreFlags): Promise<ManagedBackupProvider> {
  if (flags.backup !== undefined) return managedProvider(flags.backup, flags, command)
  if (flags.dbInstance !== undefined || flags.dbCluster !== undefined)
    return managedProvider('snapshot', flags, command)
  const recorded = (await backupsOnRecord(command.context, 1_000))?.find(({ id }) => id === flags.id)
  if (recorded) return managedProvider(recorded.provider, flags, command)
  for (const name of command.database.location.local ? ['pg-dump', 'tables', 'template'] : ['pg-dump', 'tables']) {
    const provider = await managedProvider(name, flags, command)
    const found = await provider.find(flags.id).catch(() => undefined)
    if (found) return provider
  }
  return managedProvider(command.config.config.backups?.provider ?? 'snapshot', flags, command)
}

async function restoreBeside(
  command: DatabaseContext,
  provider: ManagedBackupProvider,
  { id, to }: RestoreFlags,
): Promise<Outcome> {
  const place = await provider.restoreTo(id, to, watchOf(command)).catch(whenInterrupted)
  emit(command.context, {
    kind: 'backup-restored',
    level: 'info',
    message: `Backup ${id} (${provider.name}) was restored to the new ${place.kind} ${place.name}`,
    details: { backup: id, provider: provider.name, place: place.name, connection: place.connection },
  })
  await amendRecord(command.context, id, 'restored')
  return { document: { backup: { id, provider: provider.name }, restored: place }, text: placeText(command, id, place) }
}

async function restoreInPlace(
  command: DatabaseContext,
  provider: ManagedBackupProvider,
  flags: RestoreFlags,
): Promise<Outcome> {
  const { id, confirm } = flags
  if (!provider.restoresInPlace) {
    throw new MigratorError('RESTORE_ELSEWHERE', `A backup by "${provider.name}" cannot be restored in place.`, {
      hint: `Restore it to a new place: db:restore ${id} --to NEW_NAME`,
    })
  }
  await approveInPlace(command, id, { confirm, yes: flags.yes })
  const handle = await provider.open(id)
  if (provider.excludes === 'sessions') {
    await command.context.events.flush()
    await command.database.close()
  }
  const kept: string[] = []
  await handle.restore({ kind: 'asked', watch: watchOf(command, (name) => kept.push(name)) })
  emit(command.context, {
    kind: 'backup-restored',
    level: 'warn',
    message: `Backup ${id} (${provider.name}) was restored in place`,
    details: { backup: id, provider: provider.name, kept },
  })
  await amendRecord(command.context, id, 'restored')
  const text = [
    headline(command),
    `Backup ${id} (${provider.name}) was restored in place.`,
    ...(kept.length > 0 ? [`What it replaced is kept: ${kept.join(', ')}`] : []),
    '',
    nextCommands(command.output, [STATUS]),
  ]
  return {
    document: { backup: { id, provider: provider.name }, restored: { kind: 'in-place', kept } },
    text: text.join('\n'),
  }
}

function watchOf({ context }: DatabaseContext, onKept: (name: string) => void = () => {}): BackupWatch {
  return {
    signal: context.signal,
    began: async () => {},
    progress({ message, percent, elapsedMs, kept }) {
      if (kept !== undefined) onKept(kept)
      emit(context, { kind: 'backup-progress', level: 'debug', message, durationMs: elapsedMs, details: { percent } })
    },
  }
}

/** What was begun elsewhere goes on without us, under a name that is then taken. */
function whenInterrupted(cause: unknown): never {
  if (!(cause instanceof MigratorError) || cause.code !== 'INTERRUPTED') throw cause
  throw new MigratorError('INTERRUPTED', cause.message, {
    cause,
    details: cause.details,
    hint: 'The restore that was started is named above: use it once it is ready, or remove it and restore under another name.',
  })
}

function placeText(command: DatabaseContext, id: string, place: RestoredPlace): string {
  return [
    headline(command),
    `Backup ${id} is restored to the new ${place.kind} ${place.name}. The old one was not touched.`,
    ...(place.connection ? [`It answers at ${place.connection}`] : []),
    '',
    'To cut over:',
    ...place.nextSteps.map((step, index) => `  ${index + 1}. ${step}`),
  ].join('\n')
}
