import { join } from 'node:path'
import {
  type EmbeddedServer,
  ensureDatabase,
  findEmbeddedServer,
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../dialects/postgres/scratch/embedded/embedded-server.ts'
import { configPath, type LocatedConfig } from './config.ts'
import type { Environment } from './env.ts'
import type { Output } from './output.ts'

type Needed = { readonly config: LocatedConfig; readonly output: Output }

/** The local database for whoever set no other: starts the embedded PostgreSQL when it does not run, and creates the database. */
export async function embeddedUrl(needed: Needed & { readonly env: Environment }): Promise<string> {
  if (needed.env.production) {
    needed.output.warn('NODE_ENV is production and DATABASE_URL is not set: this is the embedded PostgreSQL.')
  }
  const server = await startEmbedded(needed)
  const name = embeddedName(needed.config)
  await ensureDatabase(server, name)
  return server.urlOf(name)
}

export function embeddedName({ config }: LocatedConfig): string {
  return config.embeddedDatabase ?? 'app'
}

export function startEmbedded({ config, output }: Needed): Promise<EmbeddedServer> {
  const { colours } = output.progressStyle
  return startEmbeddedServer({
    directory: dataDirectory(config),
    onProgress: (message) => {
      if (!output.json) process.stderr.write(`${colours.dim(message)}\n`)
    },
  })
}

export function stopEmbedded({ config }: Needed): Promise<EmbeddedServer | undefined> {
  return stopEmbeddedServer({ directory: dataDirectory(config) })
}

const UNSAFE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** The embedded PostgreSQL for scratch databases: nothing in it is worth being kept through a crash. */
export function startScratchEmbedded({ config, output }: Needed): Promise<EmbeddedServer> {
  const { colours } = output.progressStyle
  return startEmbeddedServer({
    directory: scratchDirectory(config),
    settings: { ...UNSAFE, autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0' },
    onProgress: (message) => {
      if (!output.json) process.stderr.write(`${colours.dim(message)}\n`)
    },
  })
}

export function stopScratchEmbedded({ config }: Needed): Promise<EmbeddedServer | undefined> {
  return stopEmbeddedServer({ directory: scratchDirectory(config) })
}

/** The local database where its server runs already; nothing is started. */
export async function runningEmbeddedUrl({ config }: Needed): Promise<string | undefined> {
  const server = await findEmbeddedServer({ directory: dataDirectory(config) })
  return server?.urlOf(embeddedName(config))
}

function scratchDirectory(config: LocatedConfig): string {
  return join(dataDirectory(config), 'scratch')
}

function dataDirectory(config: LocatedConfig): string {
  return configPath(config, config.config.dataDirectory ?? '.data')
}
