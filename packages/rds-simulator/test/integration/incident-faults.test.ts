import postgres from 'postgres'
import { expect, test } from 'vitest'
import type { Fault } from '../../src/index.ts'
import { applied, expectDone, pair, type Said, sqlProject } from '../support/migrator.ts'
import { connect, sharedScene } from '../support/scene.ts'
import { stateOf } from '../support/state.ts'

const files = {
  ...pair('0001_orders', 'CREATE TABLE orders (id int PRIMARY KEY, item text);', 'DROP TABLE orders;'),
  ...pair('0002_notes', 'CREATE TABLE notes (id int PRIMARY KEY, text text);', 'DROP TABLE notes;'),
  ...pair('0003_price', 'ALTER TABLE orders ADD COLUMN price int;', 'ALTER TABLE orders DROP COLUMN price;'),
}
const FILL = `INSERT INTO orders SELECT n, 'item ' || n, n % 100 FROM generate_series(1, 5000) n;
  INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 500) n`

/** With all migrations applied, and rows. What is refused leaves it as it is, so most tests share one. */
let prod: { readonly name: string; readonly url: string }

const scene = sharedScene({ snapshotMs: 100 }, async (simulator) => {
  const { databaseUrl } = await simulator.addInstance({ id: 'summit-prod', databaseName: 'app' })
  prod = { name: 'app', url: databaseUrl }
  await applied(prod.url, files)
  await onDatabase(prod.url, (sql) => sql.unsafe(FILL))
})

/** A copy for a test that changes it; the whole instance goes at the end. */
async function copyOfProd(name: string): Promise<typeof prod> {
  const on = (database: string) => Object.assign(new URL(prod.url), { pathname: `/${database}` }).href
  await onDatabase(on('postgres'), (sql) => sql.unsafe(`CREATE DATABASE ${name} TEMPLATE ${prod.name}`))
  return { name, url: on(name) }
}

async function onDatabase<T>(url: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

interface Case {
  readonly faults?: readonly Fault[]
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function rollBack({ name, url }: typeof prod, { faults = [], flags = [], env = {} }: Case): Promise<Said> {
  const { run } = await sqlProject(scene.simulator, url, files)
  for (const fault of faults) scene.simulator.fault(fault)
  const asked = [
    'rollback',
    '--steps',
    '2',
    '--snapshot',
    '--confirm',
    name,
    '--accept-loss',
    '--reason',
    'fault',
    '--json',
  ]
  return run([...asked, ...flags], env)
}

async function recorded(sql: postgres.Sql): Promise<readonly string[]> {
  const rows = await sql`SELECT state FROM migration_backups ORDER BY created_at`
  return rows.map(({ state }) => String(state))
}

const on = (kind: 'access-denied' | 'expired-token' | 'html-500', action?: string): Case => ({
  faults: [action === undefined ? { kind } : { kind, action }],
})

const refusals: readonly (readonly [
  what: string,
  fault: Case,
  wanted: { readonly code: string; readonly exit: number; readonly says: RegExp; readonly rows?: readonly string[] },
])[] = [
  [
    'the snapshot quota is exhausted',
    { faults: [{ kind: 'quota-exceeded' }] },
    { code: 'AWS_QUOTA_EXCEEDED', exit: 1, says: /100 of 100[\s\S]*snapshot prune/ },
  ],
  [
    'the instance is being modified',
    { faults: [{ kind: 'status', id: 'summit-prod', status: 'modifying' }] },
    { code: 'AWS_SOURCE_UNAVAILABLE', exit: 1, says: /summit-prod[\s\S]*"modifying"/ },
  ],
  [
    'the permission to take snapshots is missing',
    on('access-denied', 'CreateDBSnapshot'),
    { code: 'AWS_ACCESS_DENIED', exit: 1, says: /rds:CreateDBSnapshot[\s\S]*iam-policy/ },
  ],
  [
    'the permission to tag is missing',
    on('access-denied', 'AddTagsToResource'),
    { code: 'AWS_ACCESS_DENIED', exit: 1, says: /rds:AddTagsToResource/ },
  ],
  [
    'the token has expired',
    on('expired-token'),
    { code: 'AWS_CREDENTIALS_INVALID', exit: 1, says: /expired[\s\S]*aws sso login/ },
  ],
  [
    'the token expires while the snapshot is waited for',
    on('expired-token', 'DescribeDBSnapshots'),
    {
      code: 'AWS_CREDENTIALS_INVALID',
      exit: 1,
      says: /expired[\s\S]*pre-rollback-\S+" is left behind/,
      rows: ['failed'],
    },
  ],
  [
    'the snapshot fails',
    { faults: [{ kind: 'snapshot-fails' }] },
    { code: 'BACKUP_FAILED', exit: 1, says: /could not finish[\s\S]*"failed"/, rows: ['failed'] },
  ],
  ['AWS answers with pages of HTML', on('html-500'), { code: 'AWS_FAILED', exit: 1, says: /HTTP 500/ }],
  [
    'the region is wrong, and the instance is named',
    { env: { AWS_REGION: 'eu-north-1' }, flags: ['--db-instance', 'summit-prod'] },
    { code: 'AWS_SOURCE_UNKNOWN', exit: 2, says: /summit-prod[\s\S]*eu-north-1/ },
  ],
  [
    'the region is wrong, and the host tells nothing',
    { env: { AWS_REGION: 'eu-north-1' } },
    { code: 'AWS_SOURCE_UNKNOWN', exit: 2, says: /127\.0\.0\.1[\s\S]*--db-instance/ },
  ],
  [
    'nothing listens at the endpoint',
    { env: { AWS_ENDPOINT_URL_RDS: 'http://127.0.0.1:9' } },
    { code: 'AWS_UNREACHABLE', exit: 1, says: /nothing listens there/ },
  ],
  [
    'the snapshot takes longer than --snapshot-timeout',
    { faults: [{ kind: 'snapshot-never-finishes' }], flags: ['--snapshot-timeout', '1s'] },
    {
      code: 'BACKUP_TIMEOUT',
      exit: 1,
      says: /still "creating"[\s\S]*left behind[\s\S]*--snapshot-timeout/,
      rows: ['failed'],
    },
  ],
]

test.each(refusals)('stops before any change when %s', async (_, fault, { code, exit, says, rows = [] }) => {
  const sql = connect(prod.url)
  await sql`DELETE FROM migration_backups`
  const before = await stateOf(sql, prod.url)
  const ended = await rollBack(prod, fault)
  const { error, steps } = ended.json()
  expect({ code: error.code, exitCode: error.exitCode, exit: ended.code }).toEqual({ code, exitCode: exit, exit })
  expect(`${error.message} ${error.hint}`).toMatch(says)
  expect(`${error.message} ${error.hint} ${ended.stderr}`).not.toMatch(/^\s+at .+:\d+|\bdb:[a-z]/m)
  expect(steps ?? []).toEqual([])
  expect(await recorded(sql)).toEqual(rows)
  expect(await stateOf(sql, prod.url)).toBe(before)
})

const survived: readonly (readonly [what: string, fault: Case])[] = [
  ['the name of the snapshot is taken', { faults: [{ kind: 'duplicate-id', times: 1 }] }],
  [
    'AWS throttles several times',
    {
      faults: [
        { kind: 'throttling', times: 3 },
        { kind: 'throttling', action: 'CreateDBSnapshot', times: 2 },
        { kind: 'throttling', action: 'DescribeDBSnapshots', times: 2 },
      ],
    },
  ],
  ['the reply to the request is cut off', { faults: [{ kind: 'cut-off', action: 'CreateDBSnapshot', times: 1 }] }],
  ['AWS answers once with a page of HTML', { faults: [{ kind: 'html-500', times: 1 }] }],
]

test.each(survived)('takes one snapshot and rolls back although %s', async (what, fault) => {
  const database = await copyOfProd(what.replaceAll(' ', '_').toLowerCase())
  const ended = await rollBack(database, fault)
  expectDone(ended)
  const { steps, backups } = ended.json()
  expect(steps.map(({ status }) => status)).toEqual(['reverted', 'reverted'])
  expect(backups).toMatchObject([{ state: 'available', provider: 'rds' }])
  const sql = connect(database.url)
  expect((await recorded(sql)).filter((state) => state !== 'failed')).toEqual(['available'])
  const [gone] = await sql`SELECT to_regclass('notes') AS notes`
  expect(gone?.notes).toBeNull()
})

test('a person reads what happened and what to do, without a stack', async () => {
  const { run } = await sqlProject(scene.simulator, prod.url, files)
  scene.simulator.fault({ kind: 'quota-exceeded' })
  const ended = await run(['rollback', '--snapshot', '--confirm', prod.name, '--accept-loss', '--reason', 'fault'])
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: '' })
  expect(ended.stderr).toMatch(
    /✗ The backup.*nothing was changed\n✗ No snapshot.* \[AWS_QUOTA_EXCEEDED\]\n {2}\S.*migrator snapshot prune/,
  )
  expect(ended.stderr).not.toMatch(/^\s+at .+:\d+/m)
})

test('a migrate whose backup fails applies nothing, and the log says why', async () => {
  const { run, write, log } = await sqlProject(scene.simulator, prod.url, files)
  await write(pair('0004_drop', 'DROP TABLE notes;', 'CREATE TABLE notes (id int PRIMARY KEY, text text);'))
  await write(pair('0005_more', 'CREATE TABLE more (id int);', 'DROP TABLE more;'))
  const sql = connect(prod.url)
  await sql`DELETE FROM migration_logs`
  const before = await stateOf(sql, prod.url)
  scene.simulator.fault({ kind: 'snapshot-fails' })
  const ended = await run(['migrate', '--snapshot', '--confirm', prod.name])
  expect(ended.code).toBe(1)
  expect(await stateOf(sql, prod.url)).toBe(before)
  const logged = await sql`SELECT event, error->>'code' AS code FROM migration_logs WHERE event = 'backup-failed'`
  expect(logged).toEqual([{ event: 'backup-failed', code: 'BACKUP_FAILED' }])
  expect((await log()).map(({ message }) => message).join('\n')).toContain('nothing was changed')
})
