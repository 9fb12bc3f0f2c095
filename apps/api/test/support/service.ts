// The app over real HTTP on a free port; its schema counts as current unless `schemaStatus` is given.
import { createClient, type Database, schema } from '@repo/database'
import { type AppDeps, createApp } from '../../src/app.ts'
import { listen } from '../../src/listen.ts'

export interface TestService {
  readonly url: string
  readonly db: Database
  stop(): Promise<void>
}

export async function startService(databaseUrl: string, deps: Partial<AppDeps> = {}): Promise<TestService> {
  const client = createClient({ url: databaseUrl, max: 5, connectTimeoutSeconds: 2 })
  const nothing = { pending: [], running: [], dirty: [], changed: [], missing: [], ahead: [] }
  const schemaStatus = async () => ({ ready: true, ...nothing })
  const server = await listen(createApp({ db: client.db, schemaStatus, ...deps }), { host: '127.0.0.1', port: 0 })
  return {
    url: server.url,
    db: client.db,
    stop: async () => {
      await server.close()
      await client.close()
    },
  }
}

/** An organisation with one source; returns its ids and the headers that authenticate it. */
export async function addSource(db: Database, name: string) {
  const [organisation] = await db.insert(schema.organisations).values({ slug: name, name }).returning()
  if (organisation === undefined) throw new Error('The organisation was not inserted.')
  const writeKey = `key-of-${name}`
  await db.insert(schema.sources).values({ organisationId: organisation.id, name: 'Web', writeKey })
  return { organisationId: organisation.id, headers: { Authorization: `Bearer ${writeKey}` } }
}
