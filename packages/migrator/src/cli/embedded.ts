import { join } from 'node:path'
import {
  type EmbeddedServer,
  ensureDatabase,
  findEmbeddedServer,
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../dialects/postgres/scratch/embedded/embedded-server.ts'
import { MigratorError } from '../errors.ts'
import { configPath, type LocatedConfig } from './config.ts'
import type { Environment, NamedDatabase } from './env.ts'
import type { Output } from './output.ts'

type Needed = { readonly config: LocatedConfig; readonly output: Output }

/** The local database for whoever set no other: starts the embedded PostgreSQL when it does not run, and creates the database. */
export async function embeddedDatabase(needed: Needed & { readonly env: Environment }): Promise<NamedDatabase> {
  if (needed.env.production) {
    needed.output.warn('NODE_ENV is production and DATABASE_URL is not set: the embedded PostgreSQL is used.')
  }
  const server = await startEmbedded(needed)
  if (server.startedNow) needed.output.note(leftRunning(server, embeddedIdleMs(needed.config)))
  const name = embeddedName(needed.config)
  await ensureDatabase(server, name)
  return { connectionString: server.urlOf(name), connectionName: 'the embedded PostgreSQL' }
}

export function embeddedName({ config }: LocatedConfig): string {
  return config.embeddedDatabase ?? 'app'
}

export function startEmbedded({ config, output }: Needed): Promise<EmbeddedServer> {
  const { colours } = output.progressStyle
  output.doing('Starting the embedded PostgreSQL')
  return startEmbeddedServer({
    directory: dataDirectory(config),
    idleMs: embeddedIdleMs(config),
    onProgress: (message) => {
      if (!output.json) process.stderr.write(`${colours.dim(message)}\n`)
    },
  })
}

export function stopEmbedded({ config, output }: Needed): Promise<EmbeddedServer | undefined> {
  output.doing('Stopping the embedded PostgreSQL')
  return stopEmbeddedServer({ directory: dataDirectory(config) })
}

const UNSAFE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** The embedded PostgreSQL for scratch databases: nothing in it is worth being kept through a crash. */
export function startScratchEmbedded({ config, output }: Needed): Promise<EmbeddedServer> {
  const { colours } = output.progressStyle
  output.doing('Starting the embedded PostgreSQL')
  const started = startEmbeddedServer({
    directory: scratchDirectory(config),
    idleMs: scratchIdleMs(config),
    settings: { ...UNSAFE, autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0' },
    onProgress: (message) => {
      if (!output.json) process.stderr.write(`${colours.dim(message)}\n`)
    },
  })
  return started.catch((error: unknown) => {
    throw forScratch(error)
  })
}

/** Another database would not help: it is the live one. */
function forScratch(error: unknown): unknown {
  if (!(error instanceof MigratorError) || error.details.missing === undefined) return error
  return new MigratorError(error.code, error.message, {
    cause: error,
    details: error.details,
    hint: `Name a server for scratch databases with --scratch-url, or with scratchUrl in migrator.config.ts. Or install the package ${error.details.missing} (not available for Windows).`,
  })
}

export function stopScratchEmbedded({ config }: Needed): Promise<EmbeddedServer | undefined> {
  return stopEmbeddedServer({ directory: scratchDirectory(config) })
}

/** A server that outlives the command is named: where it is, and how it ends. */
export function leftRunning({ port, dataDirectory }: EmbeddedServer, idleMs: number): string {
  return `PostgreSQL keeps running on port ${port}, with its data in ${dataDirectory}. ${endText(idleMs)}`
}

export function endText(idleMs: number): string {
  return idleMs === 0
    ? 'Stop it with db:stop.'
    : `It stops after ${spanText(idleMs)} without a connection, or with db:stop.`
}

function spanText(ms: number): string {
  const [unit = 'ms', length = 1] = SPANS.find(([, each]) => ms >= each && ms % each === 0) ?? []
  return `${ms / length} ${unit}`
}

const SPANS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

export function embeddedIdleMs({ config }: LocatedConfig): number {
  return config.embeddedIdleMs ?? 12 * 3_600_000
}

export function scratchIdleMs({ config }: LocatedConfig): number {
  return config.scratchIdleMs ?? 15 * 60_000
}

/** The local database where its server runs already; nothing is started. */
export async function runningEmbeddedUrl({ config }: Needed): Promise<string | undefined> {
  const server = await findEmbeddedServer({ directory: dataDirectory(config) })
  return server?.urlOf(embeddedName(config))
}

function scratchDirectory(config: LocatedConfig): string {
  return join(dataDirectory(config), 'scratch')
}

export function dataDirectory(config: LocatedConfig): string {
  return configPath(config, config.config.dataDirectory ?? '.data')
}
