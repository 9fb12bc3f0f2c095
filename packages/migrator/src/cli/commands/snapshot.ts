import type { Argv } from 'yargs'
import { sizeText } from '../../core/figures.ts'
import { plural } from '../../core/plural.ts'
import { chooseToPrune } from '../../core/prune.ts'
import { amendRecord, backupsOnRecord, takeBackup } from '../../engine/backup/manual-backup.ts'
import type { ManagedBackupProvider, StoredBackup } from '../../ports/backup.ts'
import { backupJson } from '../../report/run-json.ts'
import { moment, type Style, table } from '../../report/style.ts'
import { makingOptions, managedProvider, type ProviderFlags, providerNamed } from '../backups.ts'
import type { Cli } from '../command.ts'
import type { DatabaseContext } from '../command-context.ts'
import { type CommonFlags, databaseOption, type YesFlag, yesOption } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { invalid, readAge, readNumber, refuseTogether } from '../values.ts'
import { createDatabaseContext } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface SnapshotFlags extends CommonFlags, ProviderFlags, YesFlag {
  readonly what: 'create' | 'list' | 'prune'
  readonly olderThan?: string
  readonly keep?: string
  readonly reason?: string
}

export const snapshotCommand = (cli: Cli) => ({
  command: 'snapshot <what>',
  describe: 'Create a standalone backup, list existing ones, or prune old ones',
  builder: (yargs: Argv) =>
    yesOption(makingOptions(databaseOption(yargs)), 'prune: remove the backups instead of showing them')
      .usage(
        `${cli.invocation.command('snapshot')} create|list|prune [options]\n\nCreate a standalone backup, list existing ones, or remove old ones that this tool made.`,
      )
      .positional('what', { choices: ['create', 'list', 'prune'] as const, demandOption: true })
      .option('older-than', {
        type: 'string',
        requiresArg: true,
        describe: 'prune: remove backups older than AGE (12h, 30d, 2w)',
      })
      .option('keep', { type: 'string', requiresArg: true, describe: 'prune: keep the newest N' })
      .option('reason', {
        type: 'string',
        requiresArg: true,
        describe: 'create: why you make the backup; stored with it',
      })
      .example(
        `${cli.invocation.command('snapshot')} create`,
        'create an RDS or Aurora snapshot, depending on the endpoint',
      )
      .example(`${cli.invocation.command('snapshot')} create --backup pg-dump`, 'create a backup with pg_dump')
      .example(
        `${cli.invocation.command('snapshot')} prune --older-than 30d --keep 5`,
        'show what would be removed; --yes removes it',
      ),
  handler: (flags: SnapshotFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      checkFlags(flags)
      const command = await createDatabaseContext(flags, environment)
      try {
        if (flags.what === 'create') return await create(command, flags)
        const provider = await managedProvider(nameOf(flags, command), flags, command)
        return flags.what === 'list' ? await list(command, provider) : await prune(command, provider, flags)
      } finally {
        await command.close()
      }
    }),
})

/** Each of these belongs to one of the three. */
function checkFlags({ what, olderThan, keep, yes, reason, noWait, snapshotTimeout }: SnapshotFlags): void {
  const given = {
    prune: [olderThan !== undefined && '--older-than', keep !== undefined && '--keep', yes && '--yes'],
    create: [
      reason !== undefined && '--reason',
      noWait && '--no-wait',
      snapshotTimeout !== undefined && '--snapshot-timeout',
    ],
  }
  for (const [owner, flags] of Object.entries(given)) {
    const flag = flags.find((each) => typeof each === 'string')
    if (owner !== what && flag) throw invalid(`${flag} belongs to snapshot ${owner}.`)
  }
  if (what === 'prune' && olderThan === undefined && keep === undefined)
    throw invalid('prune requires --older-than AGE, --keep N, or both.', 'For example: prune --older-than 30d --keep 5')
}

function nameOf({ backup, snapshot }: SnapshotFlags, { config }: DatabaseContext): string {
  refuseTogether(backup !== undefined && '--backup', snapshot && '--snapshot')
  return backup ?? (snapshot ? 'snapshot' : (config.config.backups?.provider ?? 'snapshot'))
}

async function create(command: DatabaseContext, flags: SnapshotFlags): Promise<Outcome> {
  const provider = await providerNamed(nameOf(flags, command), flags, command)
  const { handle, record } = await takeBackup(command.context, provider, flags.reason)
  const text = [
    headline(command),
    `Backup ${handle.id} (${handle.provider})${record.state === 'creating' ? ' was started' : ''}${handle.sizeBytes === undefined ? '' : `, ${sizeText(handle.sizeBytes)}`}`,
    handle.describe?.().text,
    '',
    nextCommands(command.output, [
      ...(record.restoreCommand ? [[record.restoreCommand, 'restore it to a new place'] as const] : []),
      ['db:snapshot list', 'list the backups'],
    ]),
  ]
  return { document: { backup: backupJson(record) }, text: text.filter((line) => line !== undefined).join('\n') }
}

async function list(command: DatabaseContext, provider: ManagedBackupProvider): Promise<Outcome> {
  const backups = await provider.list()
  await refreshRecords(command, backups)
  const body =
    backups.length === 0 ? `No backups by "${provider.name}" exist.` : backupTable(backups, command.output.style)
  return { document: { provider: provider.name, backups }, text: [headline(command), '', body].join('\n') }
}

/** What a record says of a backup that may have finished since, on its own: `failed` when it was waited for too briefly. */
const UNSETTLED = new Set<string>(['creating', 'interrupted', 'failed'])

async function refreshRecords(command: DatabaseContext, backups: readonly StoredBackup[]): Promise<void> {
  const records = (await backupsOnRecord(command.context, 100)) ?? []
  for (const { id, state } of records) {
    const now = backups.find((backup) => backup.id === id)?.state
    if (UNSETTLED.has(state) && now !== undefined && now !== 'creating' && now !== state)
      await amendRecord(command.context, id, now)
  }
}

async function prune(
  command: DatabaseContext,
  provider: ManagedBackupProvider,
  flags: SnapshotFlags,
): Promise<Outcome> {
  const rules = { olderThanMs: readAge('older-than', flags.olderThan), keep: readNumber('keep', flags.keep) }
  const chosen = chooseToPrune(await provider.list(), rules, command.context.clock.now())
  if (flags.yes) {
    for (const { id } of chosen) {
      await provider.remove(id)
      await amendRecord(command.context, id, 'removed')
    }
  }
  const lines = [headline(command)]
  if (chosen.length === 0) lines.push('Nothing to prune.')
  else {
    const count = plural(chosen.length, 'backup', 'backups')
    lines.push(flags.yes ? `Removed ${count}:` : `Would remove ${count}; nothing was changed. Add --yes to remove:`)
    lines.push('', backupTable(chosen, command.output.style))
  }
  return { document: { provider: provider.name, dryRun: !flags.yes, removed: chosen }, text: lines.join('\n') }
}

export function backupTable(backups: readonly StoredBackup[], style: Style): string {
  const rows = backups.map((backup) => [
    { text: backup.id },
    {
      text:
        backup.percent === undefined || backup.state !== 'creating'
          ? backup.state
          : `${backup.state} ${backup.percent} %`,
    },
    { text: moment(backup.createdAt) },
    { text: backup.sizeBytes === undefined ? '' : sizeText(backup.sizeBytes) },
    { text: backup.migrations?.join(', ') ?? '' },
  ])
  return table(['backup', 'state', 'at (UTC)', 'size', 'before'], rows, style)
}
