// Starts the service: environment, database, app, port; then waits for a signal. Only this file works on import.
import { type Client, createClient, localDatabaseUrl, schemaStatus } from '@repo/database'
import { createApp } from './app.ts'
import { readEnv } from './env.ts'
import { listen } from './listen.ts'
import { writeLog } from './log.ts'
import { StartError } from './start-error.ts'

async function main(): Promise<void> {
  const env = readEnv()
  const url = env.databaseUrl ?? (await localDatabaseUrl())
  const client = open(url)
  try {
    const app = createApp({ db: client.db, schemaStatus: () => schemaStatus({ url }), log: writeLog })
    const server = await listen(app, env)
    const stopped = stopSignal()
    process.stdout.write(`Listening on ${server.url} – is the schema current? curl ${server.url}/api/ready\n`)
    await stopped
    await server.close()
  } finally {
    await client.close()
  }
}

function open(url: string): Client {
  try {
    return createClient({ url, applicationName: '@repo/api' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const expected = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE is expected'
    throw new StartError(`DATABASE_URL cannot be read: ${expected}. ${why}`, 2, { cause })
  }
}

/**
 * Resolves at the first SIGTERM or SIGINT. Another within half a second is taken for the same one: pnpm passes on what
 * the terminal has sent to everybody. A later one ends the process at once.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const stop = (signal: NodeJS.Signals) => {
      first ??= performance.now()
      resolve()
      if (performance.now() - first < 500) return
      process.off('SIGTERM', stop).off('SIGINT', stop)
      process.kill(process.pid, signal)
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
}

main().catch((error: unknown) => {
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? ` ${error.hint}` : ''
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${hint}\n`)
  process.exitCode = error instanceof StartError ? error.exitCode : 1
})
