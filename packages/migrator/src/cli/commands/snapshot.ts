import type { Argv } from 'yargs'
import { sizeText } from '../../core/figures.ts'
import { plural } from '../../core/plural.ts'
import { chooseToPrune } from '../../core/prune.ts'
import { amendRecord, backupsOnRecord, takeBackup } from '../../engine/backup/manual-backup.ts'
import type { ManagedBackupProvider, StoredBackup } from '../../ports/backup.ts'
import { backupJson } from '../../report/run-json.ts'
import { moment, type Style, table } from '../../report/style.ts'
import { type BackupFlags, backupOptions, managedProvider, providerNamed } from '../backups.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, commonOptions } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { invalid, readAge, readNumber } from '../values.ts'
import { createWorld, type World } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface SnapshotFlags extends CommonFlags, BackupFlags {
  readonly what: 'create' | 'list' | 'prune'
  readonly olderThan?: string
  readonly keep?: string
}

export const snapshotCommand = (cli: Cli) => ({
  command: 'snapshot <what>',
  describe: 'Take a backup by itself, list the backups, prune old ones',
  builder: (yargs: Argv) =>
    backupOptions(commonOptions(yargs))
      .usage(
        `${cli.invocation.command('snapshot')} create|list|prune [options]\n\nTake a backup that no run follows, list those that there are, or remove old ones that this tool made.`,
      )
      .positional('what', { choices: ['create', 'list', 'prune'] as const, demandOption: true })
      .option('older-than', { type: 'string', requiresArg: true, describe: 'prune: those older than 12h, 30d, 2w' })
      .option('keep', { type: 'string', requiresArg: true, describe: 'prune: all but the newest N' })
      .option('reason', { type: 'string', requiresArg: true, describe: 'create: why; kept with the backup' })
      .example(`${cli.invocation.command('snapshot')} create`, 'by RDS or Aurora, whichever the endpoint is')
      .example(`${cli.invocation.command('snapshot')} create --backup pg-dump`, 'by pg_dump')
      .example(
        `${cli.invocation.command('snapshot')} prune --older-than 30d --keep 5`,
        'show what would go; --yes removes it',
      ),
  handler: (flags: SnapshotFlags) =>
    cli.runUntilInterrupted(flags, async (surroundings) => {
      checkFlags(flags)
      const world = await createWorld(flags, surroundings)
      try {
        if (flags.what === 'create') return await create(world, flags)
        const provider = await managedProvider(nameOf(flags, world), flags, world)
        return flags.what === 'list' ? await list(world, provider) : await prune(world, provider, flags)
      } finally {
        await world.close()
      }
    }),
})

function checkFlags({ what, olderThan, keep, noBackup }: SnapshotFlags): void {
  if (noBackup) throw invalid('--no-backup is for runs.')
  if (what !== 'prune' && (olderThan !== undefined || keep !== undefined))
    throw invalid('--older-than and --keep belong to prune.')
  if (what === 'prune' && olderThan === undefined && keep === undefined)
    throw invalid('prune needs --older-than AGE, --keep N, or both.', 'As in: prune --older-than 30d --keep 5')
}

function nameOf({ backup, snapshot }: SnapshotFlags, { config }: World): string {
  if (backup !== undefined && snapshot)
    throw invalid('--backup and --snapshot exclude each other.', 'Give one of them.')
  return backup ?? (snapshot ? 'snapshot' : (config.config.backups?.provider ?? 'snapshot'))
}

async function create(world: World, flags: SnapshotFlags): Promise<Outcome> {
  const provider = await providerNamed(nameOf(flags, world), flags, world)
  const { handle, record } = await takeBackup(world.context, provider, flags.reason)
  const text = [
    headline(world),
    `Backup ${handle.id} (${handle.provider})${record.state === 'creating' ? ' was begun' : ''}${handle.sizeBytes === undefined ? '' : `, ${sizeText(handle.sizeBytes)}`}`,
    handle.describe?.().text,
    '',
    nextCommands(world.output, [
      ...(record.restoreCommand ? [[record.restoreCommand, 'restore it to a new place'] as const] : []),
      ['db:snapshot list', 'the backups that there are'],
    ]),
  ]
  return { document: { backup: backupJson(record) }, text: text.filter((line) => line !== undefined).join('\n') }
}

async function list(world: World, provider: ManagedBackupProvider): Promise<Outcome> {
  const backups = await provider.list()
  await refreshRecords(world, backups)
  const body =
    backups.length === 0 ? `There are no backups of "${provider.name}".` : backupTable(backups, world.output.style)
  return { document: { provider: provider.name, backups }, text: [headline(world), '', body].join('\n') }
}

/** What a record says of a backup that may have been finished since, by itself: `failed` when it was waited for too briefly. */
const UNSETTLED = new Set<string>(['creating', 'interrupted', 'failed'])

async function refreshRecords(world: World, backups: readonly StoredBackup[]): Promise<void> {
  const records = (await backupsOnRecord(world.context, 100)) ?? []
  for (const { id, state } of records) {
    const now = backups.find((backup) => backup.id === id)?.state
    if (UNSETTLED.has(state) && now !== undefined && now !== 'creating' && now !== state)
      await amendRecord(world.context, id, now)
  }
}

async function prune(world: World, provider: ManagedBackupProvider, flags: SnapshotFlags): Promise<Outcome> {
  const rules = { olderThanMs: readAge('older-than', flags.olderThan), keep: readNumber('keep', flags.keep) }
  const chosen = chooseToPrune(await provider.list(), rules, world.context.clock.now())
  if (flags.yes) {
    for (const { id } of chosen) {
      await provider.remove(id)
      await amendRecord(world.context, id, 'removed')
    }
  }
  const lines = [headline(world)]
  if (chosen.length === 0) lines.push('There is nothing to prune.')
  else {
    const count = plural(chosen.length, 'backup', 'backups')
    lines.push(flags.yes ? `Removed ${count}:` : `Would remove ${count}; nothing was changed. Add --yes to remove:`)
    lines.push('', backupTable(chosen, world.output.style))
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
