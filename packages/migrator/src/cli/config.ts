import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MigratorError } from '../errors.ts'
import { withinLoadLimit } from '../load/load-limit.ts'
import { importDefault } from '../load/module-loader.ts'
import type { BackupProvider } from '../ports/backup.ts'
import type { ProtectedSetting } from '../ports/protection.ts'

export { type DotEnv, loadDotEnv } from '../dot-env.ts'

/** What `migrator.config.ts` may say. Paths are relative to its own folder. docs/reference/configuration.md */
export interface MigratorConfig {
  /** The migrations directory. Default `src/migrations`. */
  readonly migrations?: string | undefined
  /** The database; DATABASE_URL and --database-url go before it. */
  readonly databaseUrl?: string | undefined
  /** `table` or `schema.table`. Default `public.schema_migrations`. The run lock is derived from it. */
  readonly historyTable?: string | undefined
  /** Refuse downs that are empty or only comments, instead of taking their migrations for irreversible. Default false. */
  readonly strict?: boolean | undefined
  /** The JSON Lines log; false writes none. Default `logs/migrations.jsonl`. */
  readonly logFile?: string | false | undefined
  /**
   * Whether a database is protected, or a function of its location that says so. A mark in the database (`db:protect`) wins.
   * Default: a host that is neither local nor a container's, and every host with NODE_ENV=production.
   */
  readonly protected?: ProtectedSetting | undefined
  /** Start the embedded PostgreSQL where no database is named. Default false: a command asks, or refuses. */
  readonly embedded?: boolean | undefined
  /** The embedded PostgreSQL stops after this long without a connection. Default 12 hours; 0: it stays. */
  readonly embeddedIdleMs?: number | undefined
  /** The same for the one of scratch databases. Default 15 minutes. */
  readonly scratchIdleMs?: number | undefined
  /** Where the embedded PostgreSQL keeps its data. Default `.data`. */
  readonly dataDirectory?: string | undefined
  /** The name of the database in the embedded PostgreSQL. Default `app`. */
  readonly embeddedDatabase?: string | undefined
  /** A server for scratch databases, as a role with CREATEDB. Default: a second embedded PostgreSQL, beside the local one. */
  readonly scratchUrl?: string | undefined
  /** Default 5,000. Too long, and a queue forms behind the waiting step; 0 waits for ever. */
  readonly lockTimeoutMs?: number | undefined
  /** Default 0, no limit. */
  readonly statementTimeoutMs?: number | undefined
  /** How often a step that hit the lock timeout is tried again. Default 3. */
  readonly lockRetries?: number | undefined
  /** How long to wait for the run lock. Default 30,000. */
  readonly lockWaitMs?: number | undefined
  /** After this time without an answer a connection is given up. Default 30,000 ms. */
  readonly livenessTimeoutMs?: number | undefined
  /** How long a rollback counts in all what it would destroy, before it estimates. Default 2,000. */
  readonly lossTimeoutMs?: number | undefined
  /** The schema in which --preserve-data keeps data. Default `migration_preserved`. */
  readonly preservedSchema?: string | undefined
  /** Backups before runs. docs/reference/configuration.md, "Backups" */
  readonly backups?: BackupsConfig | undefined
}

export interface BackupsConfig {
  /** Taken before every run on a protected database, unless the command says otherwise: `rds`, `pg-dump` … or a name in `providers`. */
  readonly provider?: string | undefined
  /** Where pg-dump writes its files. Default `.data/backups`. */
  readonly directory?: string | undefined
  /** The schema in which `tables` keeps its copies. Default `migration_archive`. */
  readonly schema?: string | undefined
  /** What the endpoint in DATABASE_URL does not tell of RDS or Aurora. */
  readonly rds?: RdsConfig | undefined
  /** Providers of your own, by the names that --backup takes. */
  readonly providers?: Readonly<Record<string, BackupProvider | undefined>> | undefined
}

export interface RdsConfig {
  /** The DB instance's identifier. Default: from the endpoint. */
  readonly instance?: string | undefined
  /** The DB cluster's identifier. Default: from the endpoint. */
  readonly cluster?: string | undefined
  /** Default: from the endpoint, then AWS_REGION. */
  readonly region?: string | undefined
  /** URL of the API, for other implementations of it. Default: AWS_ENDPOINT_URL_RDS, then AWS's own. */
  readonly endpoint?: string | undefined
  /** The longest pause between two looks at a snapshot's status. Default 10,000. */
  readonly pollIntervalMs?: number | undefined
  /** How long to wait for a snapshot or a restore. Default 3,600,000. */
  readonly timeoutMs?: number | undefined
}

/** Returns the configuration, after fetching a secret for instance. */
export type ConfigFunction = () => MigratorConfig | Promise<MigratorConfig>

/** Types a configuration, or a function that returns one; returns its argument unchanged. */
export function defineConfig(config: MigratorConfig): MigratorConfig
export function defineConfig(config: ConfigFunction): ConfigFunction
export function defineConfig(config: MigratorConfig | ConfigFunction): MigratorConfig | ConfigFunction {
  return config
}

/** A configuration with the folder that its paths are relative to. */
export interface LocatedConfig {
  readonly config: MigratorConfig
  readonly directory: string
  /** The file, where it was loaded from one. */
  readonly path?: string
}

const NAMES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((ending) => `migrator.config.${ending}`)

/** Loads the configuration of a folder; an absent one is an empty one. Rejects with CONFIG_INVALID. */
export async function loadConfig(directory: string): Promise<LocatedConfig> {
  const path = NAMES.map((name) => join(directory, name)).find((candidate) => existsSync(candidate))
  if (path === undefined) return { config: {}, directory }
  return loadConfigFile(path)
}

/** Loads the configuration in this file. Rejects with CONFIG_INVALID. */
export async function loadConfigFile(path: string): Promise<LocatedConfig> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new MigratorError('CONFIG_INVALID', `There is no configuration file ${path}.`, {
      hint: 'Correct the path after --config.',
    })
  try {
    const exported = await importDefault(path)
    const config: unknown =
      typeof exported === 'function' ? await withinLoadLimit(Promise.resolve(exported())) : exported
    return { config: checkConfig(config, path), directory: dirname(path), path }
  } catch (cause) {
    if (cause instanceof MigratorError) throw cause
    throw new MigratorError('CONFIG_INVALID', `${path} cannot be loaded: ${textOf(cause)}`, {
      cause,
    })
  }
}

function textOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\s*\n\s*/g, ' ').trim()
}

const TYPES: Readonly<Record<keyof MigratorConfig, readonly string[]>> = {
  migrations: ['string'],
  databaseUrl: ['string'],
  historyTable: ['string'],
  strict: ['boolean'],
  protected: ['boolean', 'function'],
  embedded: ['boolean'],
  embeddedIdleMs: ['number'],
  scratchIdleMs: ['number'],
  logFile: ['string', 'false'],
  dataDirectory: ['string'],
  embeddedDatabase: ['string'],
  scratchUrl: ['string'],
  lockTimeoutMs: ['number'],
  statementTimeoutMs: ['number'],
  lockRetries: ['number'],
  lockWaitMs: ['number'],
  livenessTimeoutMs: ['number'],
  lossTimeoutMs: ['number'],
  preservedSchema: ['string'],
  backups: ['object'],
}

const BACKUP_TYPES: Readonly<Record<keyof BackupsConfig, readonly string[]>> = {
  provider: ['string'],
  directory: ['string'],
  schema: ['string'],
  rds: ['object'],
  providers: ['object'],
}

const RDS_TYPES: Readonly<Record<keyof RdsConfig, readonly string[]>> = {
  instance: ['string'],
  cluster: ['string'],
  region: ['string'],
  endpoint: ['string'],
  pollIntervalMs: ['number'],
  timeoutMs: ['number'],
}

/** Throws CONFIG_INVALID for a setting that does not exist or is of another type. */
export function checkConfig(config: unknown, where: string): MigratorConfig {
  if (typeof config !== 'object' || config === null) {
    throw new MigratorError(
      'CONFIG_INVALID',
      `${where} has no default export; write export default defineConfig({ … }).`,
    )
  }
  const checked = config as MigratorConfig
  checkSettings(checked, TYPES, '', where)
  if (checked.backups) checkBackups(checked.backups, where)
  return checked
}

function checkBackups(backups: BackupsConfig, where: string): void {
  checkSettings(backups, BACKUP_TYPES, 'backups.', where)
  if (backups.rds) checkSettings(backups.rds, RDS_TYPES, 'backups.rds.', where)
  for (const [name, provider] of Object.entries(backups.providers ?? {})) {
    if (provider === undefined || typeof provider?.before === 'function') continue
    throw new MigratorError('CONFIG_INVALID', `${where}: "backups.providers.${name}" has no function before().`)
  }
}

function checkSettings(
  settings: object,
  known: Readonly<Record<string, readonly string[]>>,
  prefix: string,
  where: string,
): void {
  for (const [key, value] of Object.entries(settings)) {
    const types = Object.hasOwn(known, key) ? known[key] : undefined
    if (!types) throw new MigratorError('CONFIG_INVALID', `${where}: unknown setting "${prefix}${key}".`)
    if (value === undefined) continue
    const negative = typeof value === 'number' && (!Number.isFinite(value) || value < 0)
    const fits = types.includes(typeof value) || (value === false && types.includes('false'))
    if (!fits || value === null || negative) {
      throw new MigratorError(
        'CONFIG_INVALID',
        `${where}: "${prefix}${key}" is ${JSON.stringify(value)}; it must be ${types.join(' or ')}.`,
      )
    }
  }
}

/** A path of the configuration, made absolute. */
export function configPath({ directory }: LocatedConfig, path: string): string {
  return resolve(directory, path)
}
