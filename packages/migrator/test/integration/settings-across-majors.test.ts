import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createProject, pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { type MajorServer, olderMajors, startMajor } from '../support/majors.ts'
import { module, outsidePair, saidBy } from '../support/scene.ts'

/** What would end our sessions; a server has those of its major. PostgreSQL 18 itself: server-settings.test.ts. */
const LIMITS = [
  'idle_session_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'statement_timeout',
  'lock_timeout',
]

const SLOW = 'SELECT pg_sleep(1);'
const files = {
  ...pair('0001_one', `CREATE TABLE one (id int);\n${SLOW}`, 'DROP TABLE one;'),
  ...outsidePair('0002_two', `CREATE TABLE two (id int);\n${SLOW}`, `${SLOW}\nDROP TABLE IF EXISTS two;`),
  ...module('0003_three', { up: "await db.execute('SELECT pg_sleep(1)')", down: '' }),
}

describe.each(olderMajors())('PostgreSQL %s', (major) => {
  let server: MajorServer
  beforeAll(async () => {
    server = await startMajor(major)
  })
  afterAll(() => server?.stop())

  test.each(['DATABASE limited', 'ROLE hurried'])('limits of the %s disturb no run, up and down', async (owner) => {
    const url = Object.assign(new URL(server.url), { pathname: '/limited', username: 'hurried' }).href
    const set = await databaseOn(server.url, async (sql) => {
      const known = await sql`SELECT name FROM pg_settings WHERE name = ANY(${LIMITS})`
      await sql.unsafe('DROP DATABASE IF EXISTS limited WITH (FORCE)')
      await sql.unsafe('DROP ROLE IF EXISTS hurried')
      await sql.unsafe('CREATE ROLE hurried SUPERUSER LOGIN')
      await sql.unsafe('CREATE DATABASE limited')
      for (const { name } of known) await sql.unsafe(`ALTER ${owner} SET ${name} = '600ms'`)
      return known.map(({ name }) => name as string)
    })
    expect(set.includes('transaction_timeout')).toBe(Number(major) >= 17)
    const project = await createProject(url, files)
    onTestFinished(() => project.remove())
    const up = await project.run(['migrate'])
    expect(up.code, saidBy(up)).toBe(0)
    const down = await project.run(['rollback', '--all', '--force', '--accept-loss'])
    expect(down.code, saidBy(down)).toBe(0)
    expect((await project.run(['status', '--json'])).json().summary).toMatchObject({ applied: 0, pending: 3 })
  })
})
