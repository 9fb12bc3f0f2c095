import { afterAll, beforeAll, expect, test } from 'vitest'
import { asSql } from '../../src/dialects/postgres/session/sql-session.ts'
import { databaseOn } from '../support/database.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { contextOn, rehearseSql, scratchOn } from '../support/rehearse.ts'

// What DROP DATABASE refuses belongs to the whole server, so this is one of its own.

let own: OwnServer

beforeAll(async () => {
  own = await ownServer({ max_prepared_transactions: '5', wal_level: 'logical', max_replication_slots: '5' })
})

afterAll(() => own.stop())

const subscription = (name: string, rest = 'connect = false, slot_name = NONE, enabled = false') =>
  `CREATE SUBSCRIPTION ${name} CONNECTION 'dbname=nowhere' PUBLICATION events WITH (${rest})`

const NO_DROPS = `
  CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no drops here'; END $$;
  CREATE EVENT TRIGGER no_drops ON ddl_command_start WHEN TAG IN ('DROP SUBSCRIPTION') EXECUTE FUNCTION refuse();`

const LEFT: Readonly<Record<string, readonly string[]>> = {
  'a subscription without a slot': [subscription('far')],
  'a subscription with a slot that nobody can reach': [subscription('far', 'connect = false')],
  'an enabled subscription': [subscription('far', 'connect = false'), 'ALTER SUBSCRIPTION far ENABLE'],
  'two subscriptions and an event trigger that refuses to drop them': [
    subscription('far'),
    subscription('"Near"'),
    NO_DROPS,
  ],
  'a prepared transaction': ['CREATE TABLE t (id int)', "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left'"],
  'a logical slot': ["SELECT pg_create_logical_replication_slot('left', 'pgoutput')"],
  'a database marked as a template': ['ALTER DATABASE :name IS_TEMPLATE true'],
}

async function scratchDatabases(): Promise<readonly string[]> {
  return databaseOn(own.url, async (sql) => {
    const rows = await sql<{ datname: string }[]>`SELECT datname FROM pg_database WHERE datname ~ '^scratch_[0-9]+_'`
    return rows.map(({ datname }) => datname)
  })
}

test.each(Object.entries(LEFT))('%s does not keep a scratch database from being dropped', async (_, statements) => {
  const server = await scratchOn(own.url)
  const scratch = await server.empty()
  const session = asSql(await scratch.database.connect({ modules: false }))
  for (const sql of statements) await session.execute(sql.replace(':name', scratch.name))
  await session.close()
  await server.close()
  expect(await scratchDatabases()).toEqual([])
})

test.each(Object.entries(LEFT))('%s of a killed process does not stop the next one', async (_, statements) => {
  await databaseOn(own.url, (sql) => sql.unsafe('CREATE DATABASE scratch_1_1'))
  await databaseOn(own.url.replace(/[^/]*$/, 'scratch_1_1'), async (sql) => {
    for (const each of statements) await sql.unsafe(each.replace(':name', 'scratch_1_1'))
  })
  const server = await scratchOn(own.url)
  expect(await scratchDatabases()).toEqual([])
  await server.close()
})

test('a subscription that a down leaves is broken, and the next rehearsal works', async () => {
  const server = await scratchOn(own.url)
  const context = contextOn(server)
  const left = await rehearseSql(context, '', { up: subscription('far'), down: 'SELECT 1;' })
  expect(left.verdict).toBe('broken')
  expect(left.reasons.join()).toContain('subscription far')
  const dropped = await rehearseSql(context, '', { up: subscription('far'), down: 'DROP SUBSCRIPTION far;' })
  expect(dropped.verdict).toBe('lossless')
  await server.close()
  expect(await scratchDatabases()).toEqual([])
})
