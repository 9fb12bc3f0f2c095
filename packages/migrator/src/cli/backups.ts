import type { Argv } from 'yargs'
import { systemClock } from '../clock.ts'
import { backupTableOf } from '../dialects/postgres/history/backup-table.ts'
import { logTableOf } from '../dialects/postgres/history/log-table.ts'
import { MigratorError } from '../errors.ts'
import type { BackupProvider, ManagedBackupProvider } from '../ports/backup.ts'
import { toolVersion } from '../version.ts'
import { configPath } from './config.ts'
import { invalid, readDuration } from './values.ts'
import type { World } from './wiring.ts'

/** Which source and how long: what every command about backups takes. */
export interface SourceFlags {
  readonly dbInstance?: string
  readonly dbCluster?: string
  readonly snapshotTimeout?: string
}

export interface BackupFlags extends SourceFlags {
  readonly backup?: string
  readonly snapshot?: boolean
  readonly noBackup?: boolean
  readonly noWait?: boolean
  readonly reason?: string
}

export function sourceOptions<T>(yargs: Argv<T>): Argv<T & SourceFlags> {
  return yargs
    .option('db-instance', {
      type: 'string',
      requiresArg: true,
      describe: 'The RDS instance, where the endpoint does not tell',
      group: 'Backups:',
    })
    .option('db-cluster', {
      type: 'string',
      requiresArg: true,
      describe: 'The Aurora cluster, where the endpoint does not tell',
      group: 'Backups:',
    })
    .option('snapshot-timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'How long to wait for RDS (60min)',
      group: 'Backups:',
    }) as unknown as Argv<T & SourceFlags>
}

/** The flags of commands that take a backup before they run. */
export function backupOptions<T>(yargs: Argv<T>): Argv<T & BackupFlags> {
  return sourceOptions(yargs)
    .option('backup', {
      type: 'string',
      requiresArg: true,
      describe: `Take this backup first: ${BUILT_IN.join(', ')}, or one of your own`,
      group: 'Backups:',
    })
    .option('snapshot', {
      type: 'boolean',
      default: false,
      describe: 'Take a snapshot by RDS or Aurora first, whichever the endpoint is',
      group: 'Backups:',
    })
    .option('no-backup', {
      type: 'boolean',
      default: false,
      describe: 'On a protected database: without a backup; needs --reason',
      group: 'Backups:',
    })
    .option('no-wait', {
      type: 'boolean',
      default: false,
      describe: 'Do not wait until RDS has finished the snapshot',
      group: 'Backups:',
    }) as unknown as Argv<T & BackupFlags>
}

/** What was decided about the backup of a run. */
export type BackupChoice =
  | { readonly kind: 'taken'; readonly provider: BackupProvider }
  | { readonly kind: 'refused' }
  | { readonly kind: 'open' }

export const BUILT_IN = ['rds', 'aurora', 'pg-dump', 'tables', 'template'] as const

/** By the flags, then by the configuration of protected databases. Throws USAGE_INVALID for flags that exclude each other. */
export async function chooseBackup(flags: BackupFlags, world: World): Promise<BackupChoice> {
  const given = [
    flags.backup !== undefined && '--backup',
    flags.snapshot && '--snapshot',
    flags.noBackup && '--no-backup',
  ]
  const named = given.filter((flag) => typeof flag === 'string')
  if (named.length > 1) throw invalid(`${named.join(' and ')} exclude each other.`, 'Give one of them.')
  if (flags.noBackup) {
    if ((flags.reason ?? '').trim() === '')
      throw invalid('--no-backup needs --reason "why"; the reason is kept in the log.')
    return { kind: 'refused' }
  }
  const configured = world.protected ? world.config.config.backups?.provider : undefined
  const name = flags.snapshot ? 'snapshot' : (flags.backup ?? configured)
  return name === undefined ? { kind: 'open' } : { kind: 'taken', provider: await providerNamed(name, flags, world) }
}

/** A provider by its name. Throws USAGE_INVALID for one that there is not. */
export async function providerNamed(
  name: string,
  flags: SourceFlags & { readonly noWait?: boolean },
  world: World,
): Promise<BackupProvider> {
  const { backups = {} } = world.config.config
  const own = backups.providers && Object.hasOwn(backups.providers, name) ? backups.providers[name] : undefined
  if (own) return own
  switch (name) {
    case 'snapshot':
    case 'rds':
    case 'aurora':
      return rdsProvider(name === 'snapshot' ? 'auto' : name, flags, world)
    case 'pg-dump':
      return pgDumpProvider(world)
    case 'tables':
      return tablesProvider(world)
    case 'template':
      return templateProvider(world)
  }
  const names = [...BUILT_IN, ...Object.keys(backups.providers ?? {})].join(', ')
  throw invalid(`There is no backup "${name}".`, `There are: ${names}.`)
}

/** A provider whose backups can be listed and restored. */
export async function managedProvider(name: string, flags: SourceFlags, world: World): Promise<ManagedBackupProvider> {
  const provider = await providerNamed(name, flags, world)
  if (isManaged(provider)) return provider
  throw new MigratorError('BACKUP_UNAVAILABLE', `The backup "${name}" is your own and has no list() and restoreTo().`, {
    hint: 'Restore it with the tool that made it, or give the provider those functions.',
  })
}

function isManaged(provider: BackupProvider): provider is ManagedBackupProvider {
  const { list, find, restoreTo } = provider as Partial<ManagedBackupProvider>
  return [list, find, restoreTo].every((each) => typeof each === 'function')
}

async function rdsProvider(
  name: 'rds' | 'aurora' | 'auto',
  { dbInstance, dbCluster, snapshotTimeout, noWait }: SourceFlags & { readonly noWait?: boolean },
  { config, database }: World,
): Promise<ManagedBackupProvider> {
  if (dbInstance !== undefined && dbCluster !== undefined) {
    throw invalid('--db-instance and --db-cluster exclude each other.', 'Give one of them.')
  }
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

async function pgDumpProvider({ config, database, env, connectionString }: World): Promise<ManagedBackupProvider> {
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

async function tablesProvider({ config, database }: World): Promise<ManagedBackupProvider> {
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

async function templateProvider({ database }: World): Promise<ManagedBackupProvider> {
  const { createTemplateProvider } = await import('../dialects/postgres/backup/template/provider.ts')
  return createTemplateProvider({
    location: database.location,
    connectTo: (name) => database.connectTo(name),
    toolVersion,
    clock: systemClock,
  })
}
