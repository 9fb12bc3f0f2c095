// What answers here is not the product that is named, which no test can run: see support/imitation.ts.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { type Imitation, imitationServer } from '../support/imitation.ts'
import { expectRefusal } from '../support/refusal.ts'

let project: Project

beforeAll(async () => {
  project = await createProject('postgresql://localhost/unused', threeTables())
})
afterAll(() => project.remove())

const IMITATIONS: readonly (readonly [name: string, imitation: Imitation])[] = [
  [
    'CockroachDB',
    {
      version: 'CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu, built 2024/05/15)',
      parameters: { crdb_version: 'CockroachDB CCL v24.1.0' },
    },
  ],
  [
    'CockroachDB',
    { version: '', refuses: 'unknown function', parameters: { crdb_version: 'CockroachDB CCL v24.1.0' } },
  ],
  [
    'YugabyteDB',
    {
      version: 'PostgreSQL 11.2-YB-2.21.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang',
      parameters: { server_version: '11.2-YB-2.21.0.0-b0' },
    },
  ],
  [
    'Amazon Redshift',
    {
      version: 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.12103',
      refuses: 'unrecognized configuration parameter "server_version_num"',
      parameters: { server_version: '8.0.2' },
    },
  ],
]

test.each(IMITATIONS)('%s is refused by name, before anything else is asked', async (name, imitation) => {
  const server = await imitationServer(imitation)
  onTestFinished(() => server.stop())
  const adapter = new PostgresAdapter({ connectionString: `postgresql://app:x@127.0.0.1:${server.port}/shop` })
  onTestFinished(() => adapter.close())
  await expect(adapter.connect({ modules: false })).rejects.toMatchObject({
    code: 'DATABASE_UNSUPPORTED',
    message: `This database is ${name}, not PostgreSQL; nothing was run.`,
  })
  expect(server.asked).toHaveLength(imitation.refuses === undefined ? 1 : 2)
})

test('every command says so, and ends with 2', async () => {
  const server = await imitationServer(IMITATIONS[0]?.[1] ?? { version: '' })
  onTestFinished(() => server.stop())
  const env = { DATABASE_URL: `postgresql://app:hunter2@127.0.0.1:${server.port}/shop` }
  for (const words of [['migrate'], ['status'], ['rollback', '--steps', '1']]) {
    const never = ['hunter2']
    await expectRefusal(project, {
      words,
      env,
      exit: 2,
      code: 'DATABASE_UNSUPPORTED',
      says: 'CockroachDB',
      hint: 'PostgreSQL 14',
      never,
    })
  }
})

test('Aurora DSQL is known by its host, and not connected to', async () => {
  const connectionString = 'postgresql://admin@abc123.dsql.us-east-1.on.aws/postgres?sslmode=require'
  await expect(new PostgresAdapter({ connectionString }).connect({ modules: false })).rejects.toMatchObject({
    code: 'DATABASE_UNSUPPORTED',
    message: expect.stringContaining('Amazon Aurora DSQL'),
  })
})
