import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MigratorError } from '../errors.ts'

/** What `migrator.config.ts` may say. Paths are relative to its own folder. docs/reference/configuration.md */
export interface MigratorConfig {
  /** The migrations directory. Default `src/migrations`. */
  readonly migrations?: string
  /** The database; DATABASE_URL and --database-url go before it. Without any, the embedded PostgreSQL is used. */
  readonly databaseUrl?: string
  /** `table` or `schema.table`. Default `public.schema_migrations`. The run lock is derived from it. */
  readonly historyTable?: string
  /** The JSON Lines log; false writes none. Default `logs/migrations.jsonl`. */
  readonly logFile?: string | false
  /** Where the embedded PostgreSQL keeps its data. Default `.data`. */
  readonly dataDirectory?: string
  /** The name of the database in the embedded PostgreSQL. Default `app`. */
  readonly embeddedDatabase?: string
  /** Default 5,000. Too long, and a queue forms behind the waiting step; 0 waits for ever. */
  readonly lockTimeoutMs?: number
  /** Default 0, no limit. */
  readonly statementTimeoutMs?: number
  /** How often a step that hit the lock timeout is tried again. Default 3. */
  readonly lockRetries?: number
  /** How long to wait for the run lock. Default 30,000. */
  readonly lockWaitMs?: number
}

/** Types a configuration; returns it as it is. */
export function defineConfig(config: MigratorConfig): MigratorConfig {
  return config
}

/** A configuration with the folder that its paths are relative to. */
export interface LocatedConfig {
  readonly config: MigratorConfig
  readonly directory: string
}

const NAMES = ['migrator.config.ts', 'migrator.config.mts', 'migrator.config.js', 'migrator.config.mjs']

/** Loads the configuration of a folder; an absent one is an empty one. Rejects with CONFIG_INVALID. */
export async function loadConfig(directory: string): Promise<LocatedConfig> {
  const path = NAMES.map((name) => join(directory, name)).find((candidate) => existsSync(candidate))
  if (path === undefined) return { config: {}, directory }
  try {
    if (path.endsWith('ts') && !process.execArgv.some((argument) => argument.includes('tsx'))) {
      const { register } = await import('tsx/esm/api')
      register()
    }
    const { default: exported } = (await import(pathToFileURL(path).href)) as { default?: unknown }
    const config = (exported as { default?: unknown } | undefined)?.default ?? exported
    return { config: checkConfig(config, path), directory }
  } catch (cause) {
    if (cause instanceof MigratorError) throw cause
    throw new MigratorError('CONFIG_INVALID', `${path} does not load: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
    })
  }
}

const TYPES: Readonly<Record<keyof MigratorConfig, readonly string[]>> = {
  migrations: ['string'],
  databaseUrl: ['string', 'undefined'],
  historyTable: ['string'],
  logFile: ['string', 'boolean'],
  dataDirectory: ['string'],
  embeddedDatabase: ['string'],
  lockTimeoutMs: ['number'],
  statementTimeoutMs: ['number'],
  lockRetries: ['number'],
  lockWaitMs: ['number'],
}

/** Throws CONFIG_INVALID for a setting that does not exist or is of another type. */
export function checkConfig(config: unknown, where: string): MigratorConfig {
  if (typeof config !== 'object' || config === null) {
    throw new MigratorError(
      'CONFIG_INVALID',
      `${where} has no default export; write export default defineConfig({ … }).`,
    )
  }
  for (const [key, value] of Object.entries(config)) {
    const types = Object.hasOwn(TYPES, key) ? TYPES[key as keyof MigratorConfig] : undefined
    if (!types) throw new MigratorError('CONFIG_INVALID', `${where}: there is no setting "${key}".`)
    const negative = typeof value === 'number' && (!Number.isFinite(value) || value < 0)
    if (!types.includes(typeof value) || value === true || negative) {
      throw new MigratorError(
        'CONFIG_INVALID',
        `${where}: "${key}" is ${JSON.stringify(value)}; it has to be ${types.join(' or ')}.`,
      )
    }
  }
  return config
}

/** A path of the configuration, made absolute. */
export function configPath({ directory }: LocatedConfig, path: string): string {
  return resolve(directory, path)
}
