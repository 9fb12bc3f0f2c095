import type { Argv } from 'yargs'
import { systemClock } from '../clock.ts'
import { backupTableOf } from '../dialects/postgres/history/backup-table.ts'
import { logTableOf } from '../dialects/postgres/history/log-table.ts'
import { MigratorError } from '../errors.ts'
import type { BackupProvider, ManagedBackupProvider } from '../ports/backup.ts'
import { toolVersion } from '../version.ts'
import type { DatabaseContext } from './command-context.ts'
import { configPath } from './config.ts'
import { invalid, readDuration, refuseTogether } from './values.ts'

/** Which instance or cluster a backup is of. */
export interface SourceFlags {
  readonly dbInstance?: string
  readonly dbCluster?: string
  readonly snapshotTimeout?: string
}

/** Who makes a backup, and how. */
export interface ProviderFlags extends SourceFlags {
  readonly backup?: string
  readonly snapshot?: boolean
  readonly noWait?: boolean
}

export interface BackupFlags extends ProviderFlags {
  readonly noBackup?: boolean
  readonly reason?: string
}

const group = 'Backups:'
const text = { type: 'string', requiresArg: true, group } as const
const off = { type: 'boolean', default: false, group } as const

export function sourceOptions<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option('db-instance', { ...text, describe: 'The RDS instance, if the endpoint does not identify it' })
    .option('db-cluster', { ...text, describe: 'The Aurora cluster, if the endpoint does not identify it' }) as Argv<T>
}

export function timeoutOption<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option('snapshot-timeout', { ...text, describe: 'How long to wait for RDS (default: 60min)' })
}

/** The flags of commands that make a backup. */
export function makingOptions<T>(yargs: Argv<T>): Argv<T> {
  return timeoutOption(providerOptions(yargs)).option('no-wait', {
    ...off,
    describe: 'Do not wait for RDS to finish the snapshot',
  })
}

function providerOptions<T>(yargs: Argv<T>): Argv<T> {
  return sourceOptions(yargs)
    .option('backup', { ...text, describe: `Provider of the backup: ${BUILT_IN.join(', ')}, or a custom one` })
    .option('snapshot', { ...off, describe: 'Use an RDS or Aurora snapshot, depending on the endpoint' })
}

/** The flags of commands that make a backup before they run. */
export function backupOptions<T>(yargs: Argv<T>): Argv<T> {
  return refusalOption(makingOptions(yargs))
}

/** The flags of commands that tell which backup would be made. */
export function plannedBackupOptions<T>(yargs: Argv<T>): Argv<T> {
  return refusalOption(providerOptions(yargs))
}

function refusalOption<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option('no-backup', {
    ...off,
    describe: 'Skip the backup on a protected database; requires --reason',
  })
}

/** What was decided about the backup of a run. */
export type BackupChoice =
  | { readonly kind: 'taken'; readonly provider: BackupProvider }
  | { readonly kind: 'refused' }
  | { readonly kind: 'open' }

export const BUILT_IN = ['rds', 'aurora', 'pg-dump', 'tables', 'template'] as const

/** By the flags, then by the configuration of protected databases. Throws USAGE_INVALID for flags that cannot be combined. */
export async function chooseBackup(flags: BackupFlags, command: DatabaseContext): Promise<BackupChoice> {
  const given = [
    flags.backup !== undefined && '--backup',
    flags.snapshot && '--snapshot',
    flags.noBackup && '--no-backup',
  ]
  refuseTogether(...given)
  if (flags.noBackup) {
    refuseIdle(flags, undefined)
    if ((flags.reason ?? '').trim() === '')
      throw invalid('--no-backup requires --reason "why"; the reason is kept in the log.')
    return { kind: 'refused' }
  }
  const name = flags.snapshot ? 'snapshot' : (flags.backup ?? (await configuredOf(command)))
  refuseIdle(flags, name)
  return name === undefined ? { kind: 'open' } : { kind: 'taken', provider: await providerNamed(name, flags, command) }
}

/** The configured one is for protected databases. */
async function configuredOf(command: DatabaseContext): Promise<string | undefined> {
  const provider = command.config.config.backups?.provider
  return provider !== undefined && (await command.protection()).protected ? provider : undefined
}

const OF_RDS = new Set<string | undefined>(['snapshot', 'rds', 'aurora'])

/** What only a snapshot by RDS heeds. */
function refuseIdle(
  { dbInstance, dbCluster, snapshotTimeout, noWait }: ProviderFlags,
  provider: string | undefined,
): void {
  if (OF_RDS.has(provider)) return
  const idle = [
    dbInstance !== undefined && '--db-instance',
    dbCluster !== undefined && '--db-cluster',
    snapshotTimeout !== undefined && '--snapshot-timeout',
    noWait && '--no-wait',
  ].find((flag) => typeof flag === 'string')
  if (idle)
    throw invalid(`${idle} applies to RDS and Aurora snapshots only.`, 'Add --snapshot, or --backup rds|aurora.')
}

/** A provider by its name. Throws USAGE_INVALID for an unknown one. */
export async function providerNamed(
  name: string,
  flags: SourceFlags & { readonly noWait?: boolean },
  command: DatabaseContext,
): Promise<BackupProvider> {
  const { backups = {} } = command.config.config
  const own = backups.providers && Object.hasOwn(backups.providers, name) ? backups.providers[name] : undefined
  if (own) return own
  switch (name) {
    case 'snapshot':
    case 'rds':
    case 'aurora':
      return rdsProvider(name === 'snapshot' ? 'auto' : name, flags, command)
    case 'pg-dump':
      return pgDumpProvider(command)
    case 'tables':
      return tablesProvider(command)
    case 'template':
      return templateProvider(command)
  }
  const names = [...BUILT_IN, ...Object.keys(backups.providers ?? {})].join(', ')
  throw invalid(`Unknown backup provider "${name}".`, `Valid providers: ${names}.`)
}

/** A provider whose backups can be listed and restored. */
export async function managedProvider(
  name: string,
  flags: SourceFlags,
  command: DatabaseContext,
): Promise<ManagedBackupProvider> {
  const provider = await providerNamed(name, flags, command)
  if (isManaged(provider)) return provider
  throw new MigratorError(
    'BACKUP_UNAVAILABLE',
    `The backup "${name}" is a custom provider without list() and restoreTo().`,
    {
      hint: 'Restore it with the tool that made it, or add those functions to the provider.',
    },
  )
}

function isManaged(provider: BackupProvider): provider is ManagedBackupProvider {
  const { list, find, restoreTo } = provider as Partial<ManagedBackupProvider>
  return [list, find, restoreTo].every((each) => typeof each === 'function')
}

async function rdsProvider(
  name: 'rds' | 'aurora' | 'auto',
  { dbInstance, dbCluster, snapshotTimeout, noWait }: SourceFlags & { readonly noWait?: boolean },
  { config, database }: DatabaseContext,
): Promise<ManagedBackupProvider> {
  refuseTogether(dbInstance !== undefined && '--db-instance', dbCluster !== undefined && '--db-cluster')
  const { createRdsProvider } = await import('../providers/rds/provider.ts')
  const { instance, cluster, ...rest } = config.config.backups?.rds ?? {}
  const byFlags = dbInstance !== undefined || dbCluster !== undefined
  const source = byFlags ? { instance: dbInstance, cluster: dbCluster } : { instance, cluster }
  return createRdsProvider({
    ...rest,
    ...source,
    name,
    host: database.location.host,
    port: database.location.port,
    database: database.location.database,
    timeoutMs: readDuration('snapshot-timeout', snapshotTimeout) ?? rest.timeoutMs,
    wait: noWait ? 'begun' : 'available',
    toolVersion,
    clock: systemClock,
  })
}

async function pgDumpProvider({
  config,
  database,
  env,
  connectionString,
}: DatabaseContext): Promise<ManagedBackupProvider> {
  const { createPgDumpProvider } = await import('../dialects/postgres/backup/pg-dump/provider.ts')
  return createPgDumpProvider({
    connectionString,
    // Of several servers it is known once one was reached.
    get location() {
      return database.location
    },
    connectTo: (name) => database.connectTo(name),
    directory: configPath(config, config.config.backups?.directory ?? '.data/backups'),
    toolVersion,
    clock: systemClock,
    environment: env.inherited,
  })
}

async function tablesProvider({ config, database }: DatabaseContext): Promise<ManagedBackupProvider> {
  const { createTablesProvider } = await import('../dialects/postgres/backup/tables/provider.ts')
  const history = database.historyTable
  return createTablesProvider({
    connect: () => database.connect({ modules: false }),
    location: database.location,
    schema: config.config.backups?.schema,
    leaveOut: [history, logTableOf(history), backupTableOf(history)],
    toolVersion,
    clock: systemClock,
  })
}

async function templateProvider({ database }: DatabaseContext): Promise<ManagedBackupProvider> {
  const { createTemplateProvider } = await import('../dialects/postgres/backup/template/provider.ts')
  return createTemplateProvider({
    location: database.location,
    connectTo: (name) => database.connectTo(name),
    toolVersion,
    clock: systemClock,
  })
}
