import { systemClock } from '../clock.ts'
import { PostgresAdapter } from '../dialects/postgres/adapter.ts'
import { readConnection } from '../dialects/postgres/connection/read.ts'
import { mayBeSameDatabase } from '../dialects/postgres/connection/same-database.ts'
import { replaceDatabase } from '../dialects/postgres/connection/split.ts'
import type { Context } from '../engine/run/context.ts'
import { unsupported } from '../engine/run/unsupported.ts'
import { MigratorError } from '../errors.ts'
import type { ScratchContext } from '../ports/scratch.ts'
import { toolName } from '../version.ts'

export interface ScratchPlace {
  readonly url: string
  /** What gave the URL, for errors: `scratchUrl`. `embedded`: a server that is there for nothing else. */
  readonly from: string
  /** The database that is never to be used for this. */
  readonly live: string | undefined
  readonly historyTable: string | undefined
  readonly signal: AbortSignal
  readonly onStep?: ScratchContext['onStep']
}

/** Lends databases of the scratch server while `work` lasts; all of them are dropped afterwards, whatever happened. */
export async function withScratchServer<T>(
  { url, from, live, historyTable, signal, onStep }: ScratchPlace,
  work: (scratch: ScratchContext) => Promise<T>,
): Promise<T> {
  // Only who needs a scratch server loads what it is made of.
  const [{ createRehearsalTools }, { createScratchServer }] = await Promise.all([
    import('../dialects/postgres/rehearsal-tools.ts'),
    import('../dialects/postgres/scratch/server.ts'),
  ])
  const own = from === 'embedded'
  const open = (connectionString: string) =>
    new PostgresAdapter({ connectionString, connectionName: from, historyTable, applicationName: 'scratch' })
  const admin = open(url)
  if (!own && live !== undefined) refuseLive(url, live, from)
  const { host, port } = admin.location
  try {
    const server = await createScratchServer({
      name: own ? 'embedded PostgreSQL %' : `PostgreSQL % at ${host}:${port}`,
      admin: () => admin.connect({ modules: false }),
      open: (database) => open(replaceDatabase(url, database)),
      own,
    })
    try {
      return await work({ server, tools: createRehearsalTools(admin.ownTables), clock: systemClock, signal, onStep })
    } finally {
      await server.close()
    }
  } finally {
    await admin.close()
  }
}

const NO_REHEARSAL = 'Try them on a copy of the database instead.'

/** What a call lends scratch databases with. Throws SCRATCH_UNAVAILABLE where no server is named, NOT_SUPPORTED where none can be. */
export function scratchOf({ database, withScratch }: Context): NonNullable<Context['withScratch']> {
  if (!database.capabilities.rehearsal) throw unsupported('trying migrations on scratch databases', NO_REHEARSAL)
  if (withScratch) return withScratch
  const hint = `Name one in scratchUrl; startEmbeddedServer() of ${toolName}/embedded starts one.`
  throw new MigratorError('SCRATCH_UNAVAILABLE', 'The runner has no scratch server.', { hint })
}

function refuseLive(scratch: string, live: string, from: string): void {
  const [one, other] = [readConnection(scratch), readConnection(live)]
  if (!mayBeSameDatabase(one, other)) return
  const message = `${from} names the database to be migrated, ${one.database}.`
  const hint = 'Name another database on that server, such as postgres: scratch databases are created beside it.'
  throw new MigratorError('SCRATCH_UNAVAILABLE', message, { hint })
}
