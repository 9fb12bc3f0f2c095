import { fileURLToPath } from 'node:url'

/** The URL of the embedded PostgreSQL for local development, the one that the db:* commands use; it is started when it does not run. */
export async function localDatabaseUrl(): Promise<string> {
  const { default: config } = await import('../migrator.config.ts')
  const { ensureDatabase, startEmbeddedServer } = await import('@repo/migrator/embedded')
  const { dataDirectory = '.data', embeddedDatabase = 'app' } = config
  const server = await startEmbeddedServer({
    directory: fileURLToPath(new URL(`../${dataDirectory}`, import.meta.url)),
  })
  await ensureDatabase(server, embeddedDatabase)
  return server.urlOf(embeddedDatabase)
}
