import { systemClock } from '../clock.ts'
import { PostgresAdapter } from '../dialects/postgres/adapter.ts'
import { locationOf } from '../dialects/postgres/connection/location.ts'
import { readConnection } from '../dialects/postgres/connection/read.ts'
import { mayBeSameDatabase } from '../dialects/postgres/connection/same-database.ts'
import { replaceDatabase } from '../dialects/postgres/connection/split.ts'
import type { ScratchContext } from '../engine/rehearse/schema-at.ts'
import { MigratorError } from '../errors.ts'
import { startScratchEmbedded, stopScratchEmbedded } from './embedded.ts'
import type { ScratchFlags } from './scratch-options.ts'
import type { Surroundings } from './wiring.ts'

/**
 * The scratch server, for as long as `work` lasts; its databases are dropped afterwards, whatever happened. `live` is the
 * database that is never to be used for this.
 */
export async function withScratch<T>(
  flags: ScratchFlags,
  surroundings: Surroundings,
  live: string | undefined,
  work: (context: ScratchContext) => Promise<T>,
): Promise<T> {
  const { config, signal } = surroundings
  // Only who needs a scratch server loads what it is made of.
  const [{ createRehearsalTools }, { createScratchServer }] = await Promise.all([
    import('../dialects/postgres/rehearsal-tools.ts'),
    import('../dialects/postgres/scratch/server.ts'),
  ])
  const given = flags.scratchUrl ?? config.config.scratchUrl
  if (given !== undefined && live !== undefined) refuseLive(given, live)
  const embedded = given === undefined ? await startScratchEmbedded(surroundings) : undefined
  const url = given ?? embedded?.urlOf('postgres') ?? ''
  const { historyTable } = config.config
  const open = (database: string) =>
    new PostgresAdapter({
      connectionString: replaceDatabase(url, database),
      applicationName: 'scratch',
      ...(historyTable === undefined ? {} : { historyTable }),
    })
  const admin = new PostgresAdapter({ connectionString: url, applicationName: 'scratch' })
  const { host, port } = admin.location
  try {
    const server = await createScratchServer({
      name: given === undefined ? 'embedded PostgreSQL %' : `PostgreSQL % at ${host}:${port}`,
      admin: () => admin.connect({ modules: false }),
      open,
      own: embedded !== undefined,
    })
    try {
      return await work({ server, tools: createRehearsalTools(admin.ownTables), clock: systemClock, signal })
    } finally {
      await server.close()
    }
  } finally {
    await admin.close()
    // Beside a database elsewhere nobody expects a server to be left running here.
    if (embedded?.startedNow && live !== undefined && !locationOf(readConnection(live)).local) {
      await stopScratchEmbedded(surroundings)
    }
  }
}

function refuseLive(scratch: string, live: string): void {
  const [one, other] = [readConnection(scratch), readConnection(live)]
  if (!mayBeSameDatabase(one, other)) return
  throw new MigratorError(
    'SCRATCH_UNAVAILABLE',
    `--scratch-url names the database that is migrated, ${one.database}.`,
    {
      hint: 'Name another database of the server (postgres, for instance): scratch databases are made beside it.',
    },
  )
}
