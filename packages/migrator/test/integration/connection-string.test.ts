import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { createDatabase, databaseOn, type TestDatabase } from '../support/database.ts'
import { type SocketServer, socketServer } from '../support/socket.ts'

let tcp: TestDatabase
let project: Project
let socket: SocketServer

beforeAll(async () => {
  socket = await socketServer()
  tcp = await createDatabase()
  project = await createProject(tcp.url, threeTables())
  await databaseOn(socket.url, (sql) => sql.unsafe(`CREATE DATABASE ${tcp.name}`))
})
afterAll(async () => {
  await project.remove()
  await tcp.drop()
  await socket.stop()
})

/** The URL of the first server, with more parameters. */
function urlWith(parameters: string): string {
  return `${tcp.url}?${parameters}`
}

async function run(words: string, url: string, env: Readonly<Record<string, string>> = {}) {
  const finished = await project.run(words.split(' '), { DATABASE_URL: url, ...env })
  expect(finished, finished.stderr).toMatchObject({ code: 0 })
  return finished
}

function tablesOn(url: string): Promise<readonly string[]> {
  return databaseOn(url, async (sql) => {
    const rows = await sql<{ name: string }[]>`
      SELECT schemaname || '.' || tablename AS name FROM pg_tables
       WHERE schemaname !~ '^(pg_|information_schema)' AND tablename !~ 'migration' ORDER BY 1`
    return rows.map(({ name }) => name)
  })
}

/** The same database on the server with the socket, reached by TCP. */
const besideUrl = () => socket.url.replace(/[^/]*$/, tcp.name)

test('of an authority and a host parameter the parameter wins: the socket is migrated, the server on the port is not touched', async () => {
  await socket.answerAs(new URL(tcp.url).port)
  await run('migrate', urlWith(`host=${socket.folder}`))
  expect(await tablesOn(besideUrl())).toEqual(['public.one', 'public.three', 'public.two'])
  expect(await tablesOn(tcp.url)).toEqual([])
  await run('rollback --steps 2 --yes', urlWith(`host=${encodeURIComponent(socket.folder)}`))
  expect(await tablesOn(besideUrl())).toEqual(['public.one'])
})
