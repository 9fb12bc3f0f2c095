import { dirname } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEmbeddedServer } from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'
import { createProject, type Project, pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { outsidePair, saidBy } from '../support/scene.ts'
import { until } from '../support/until.ts'

/** https://www.postgresql.org/docs/current/server-shutdown.html */
const SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const

const SLOW = 'CREATE TABLE two (id int);\nSELECT pg_sleep(600);\n'
const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const inside = { ...one, ...pair('0002_two', SLOW, 'DROP TABLE two;') }
const outside = { ...one, ...outsidePair('0002_two', SLOW, 'DROP TABLE IF EXISTS two;') }
const quick = 'CREATE TABLE two (id int);\n'

let server: OwnServer
beforeAll(async () => {
  server = await ownServer()
})
afterAll(() => server.stop())

async function shutDown(mode: keyof typeof SIGNALS): Promise<void> {
  const pid = await databaseOn(server.url, async (sql) => {
    const [row] = await sql`SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int AS pid`
    return row?.pid as number
  })
  process.kill(pid, SIGNALS[mode])
  await until('the server takes no connection', async () => ((await answers()) ? undefined : true))
}

async function startAgain(): Promise<void> {
  const settings = { fsync: 'off' }
  await startEmbeddedServer({ directory: dirname(server.log), settings })
  await until('the server answers', async () => ((await answers()) ? true : undefined))
}

async function answers(): Promise<boolean> {
  const sql = postgres(server.url, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    await sql`SELECT 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 0 })
  }
}

function stepSleeps(): Promise<true> {
  return until('the step sleeps', () =>
    databaseOn(server.url, async (sql) => {
      const rows = await sql`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`
      return rows.length > 0 ? true : undefined
    }),
  )
}

describe('a smart shutdown in the middle of a step, which lets sessions end that are there', () => {
  beforeEach(() => databaseOn(server.url, (sql) => sql.unsafe('DROP SCHEMA public CASCADE; CREATE SCHEMA public')))

  const slow = 'CREATE TABLE two (id int);\nSELECT pg_sleep(4);\n'
  test.each([
    ['in one transaction for all', pair('0002_two', slow, 'DROP TABLE two;'), []],
    ['in one transaction each', pair('0002_two', slow, 'DROP TABLE two;'), ['--transaction', 'each']],
    ['outside a transaction', outsidePair('0002_two', slow, 'DROP TABLE IF EXISTS two;'), []],
  ] as const)('disturbs nothing: %s', async (_, two, words) => {
    const project: Project = await createProject(server.url, { ...one, ...two })
    try {
      const running = project.start(['migrate', '--json', ...words])
      await stepSleeps()
      await shutDown('smart')
      const ended = await running.finished
      await startAgain()
      expect(ended.code, saidBy(ended)).toBe(0)
      expect((await project.run(['status', '--json'])).json().summary).toMatchObject({ applied: 2, pending: 0 })
    } finally {
      await project.remove()
    }
  })
})

describe.each(['fast', 'immediate'] as const)('a %s shutdown in the middle of a step', (mode) => {
  beforeEach(() => databaseOn(server.url, (sql) => sql.unsafe('DROP SCHEMA public CASCADE; CREATE SCHEMA public')))

  test.each([
    ['in one transaction for all', inside, []],
    ['in one transaction each', inside, ['--transaction', 'each']],
    ['outside a transaction', outside, []],
  ] as const)('is reported as a lost connection, and the next run succeeds: %s', async (_, files, words) => {
    const project: Project = await createProject(server.url, files)
    try {
      const running = project.start(['migrate', '--json', ...words])
      await stepSleeps()
      await shutDown(mode)
      const failed = await running.finished
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(['CONNECTION_LOST', 'LOCK_LOST']).toContain(failed.json().error.code)
      expect(failed.json().error.hint).not.toContain('Correct the migration')
      await startAgain()
      await project.write(
        files === outside
          ? outsidePair('0002_two', quick, 'DROP TABLE IF EXISTS two;')
          : pair('0002_two', quick, 'DROP TABLE two;'),
      )
      const next = await project.run(['migrate', '--json'])
      expect(next.code, saidBy(next)).toBe(0)
    } finally {
      await project.remove()
    }
  })
})

test('who waits for the run lock goes on waiting through a restart, and then runs', async () => {
  await databaseOn(server.url, (sql) => sql.unsafe('DROP SCHEMA public CASCADE; CREATE SCHEMA public'))
  const first = await createProject(server.url, inside)
  const second = await createProject(server.url, { ...one, ...pair('0002_two', quick, 'DROP TABLE two;') })
  try {
    const holding = first.start(['migrate'])
    await stepSleeps()
    const waiting = second.start(['migrate', '--lock-wait', '60s'])
    await waiting.says('Waiting up to')
    await shutDown('fast')
    expect((await holding.finished).code).toBe(1)
    await startAgain()
    const done = await waiting.finished
    expect(done.code, saidBy(done)).toBe(0)
  } finally {
    await Promise.all([first.remove(), second.remove()])
  }
})
