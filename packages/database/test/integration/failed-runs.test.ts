import { fileURLToPath } from 'node:url'
import { loadMigrations, type Migration, MigrationRunner, PostgresAdapter } from '@repo/migrator'
import { RollbackTester } from '@repo/migrator/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

const directory = fileURLToPath(new URL('../../src/migrations', import.meta.url))

let server: TestServer
let adapter: PostgresAdapter
let runner: MigrationRunner
let migrations: readonly Migration[]

beforeAll(async () => {
  server = await startTestServer()
  adapter = new PostgresAdapter({ connectionString: await server.createDatabase('failed_runs') })
  runner = new MigrationRunner({ adapter })
  migrations = await loadMigrations(directory)
})

afterAll(async () => {
  await adapter.close()
  await server.stop()
})

test('an index whose build times out leaves nothing behind', async () => {
  const proof = await RollbackTester.verify(runner, migrations, {
    failAt: '0008_index_sessions_by_start',
    scenario: 'index build timeout',
  })
  expect(proof).toMatchObject({ transaction: 'each', catalog: 'identical' })
  expect(proof.reverted).toHaveLength(8)
})

test('neither does a deploy that is killed while that index is built', async () => {
  await RollbackTester.verify(runner, migrations, {
    failAt: '0008_index_sessions_by_start',
    failure: 'process-kill',
    directory,
  })
})

test('whichever migration fails, the whole run is rolled back', async () => {
  const proofs = await RollbackTester.verifyAll(runner, migrations, { failures: ['middle'] })
  expect(proofs.map(({ failAt }) => failAt)).toEqual(migrations.map(({ id }) => id))
})
