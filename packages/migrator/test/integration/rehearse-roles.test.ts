import { afterAll, beforeAll, expect, test } from 'vitest'
import { asSql } from '../../src/dialects/postgres/session/sql-session.ts'
import { rehearse } from '../../src/engine/rehearse/rehearse.ts'
import type { ScratchServer } from '../../src/ports/scratch.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { contextOn, scratchOn, sqlMigration } from '../support/rehearse.ts'

// Histories grant to roles that somebody made elsewhere. Roles are the whole server's, so this is one of its own.

let own: OwnServer
let server: ScratchServer

beforeAll(async () => {
  own = await ownServer()
  server = await scratchOn(own.url, { own: true })
})

afterAll(async () => {
  await server.close()
  await own.stop()
})

test('roles that statements take for granted are made on a server that is there for nothing else', async () => {
  const table = (at: number) => `t${at}`
  const statements = [
    ['GRANT SELECT ON t TO reader, "Web User";', 'REVOKE SELECT ON t FROM reader, "Web User";'],
    ['ALTER TABLE t OWNER TO app;', 'ALTER TABLE t OWNER TO postgres;'],
    ['CREATE POLICY mine ON t TO authenticated USING (true);', 'DROP POLICY mine ON t;'],
    [
      'ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO reader;',
      'ALTER DEFAULT PRIVILEGES FOR ROLE app REVOKE SELECT ON TABLES FROM reader;',
    ],
    ['CREATE ROLE late; GRANT late TO app;', 'REVOKE late FROM app; DROP ROLE late;'],
    ['CREATE SCHEMA theirs AUTHORIZATION app;', 'DROP SCHEMA theirs;'],
  ] as const
  const chain = statements.flatMap(([up, down], at) => [
    sqlMigration({ id: `00${at}1_table`, up: `CREATE TABLE ${table(at)} (id int);`, down: `DROP TABLE ${table(at)};` }),
    sqlMigration({
      id: `00${at}2_grant`,
      up: up.replace(' t ', ` ${table(at)} `),
      down: down.replace(/ t(?=[ ;])/, ` ${table(at)}`),
    }),
  ])
  const rehearsals = await rehearse(contextOn(server), chain, { chosen: new Set(chain.map(({ id }) => id)) })
  const told = rehearsals.map(
    ({ id, verdict, reasons }) => `${id} ${verdict}${verdict === 'lossy' ? '' : reasons.join()}`,
  )
  expect(told).toEqual(chain.map(({ id }) => `${id} ${id.endsWith('table') ? 'lossy' : 'lossless'}`))
})

test('a role that the step itself has made is not waited for', async () => {
  const make =
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fresh') THEN CREATE ROLE fresh; END IF; END $$;"
  const chain = [
    sqlMigration({ id: '0001_table', up: 'CREATE TABLE t (id int);', down: 'DROP TABLE t;' }),
    sqlMigration({
      id: '0002_role',
      up: `${make} GRANT SELECT ON t TO fresh;`,
      down: 'REVOKE ALL ON t FROM fresh; DROP ROLE IF EXISTS fresh;',
    }),
  ]
  const rehearsals = await rehearse(contextOn(server), chain, { chosen: new Set(['0002_role']) })
  expect(rehearsals.map(({ verdict }) => verdict)).toEqual(['lossless'])
})

test('a role that somebody else was making, and gave up, is made the next time', async () => {
  const scratch = await server.empty()
  const session = asSql(await scratch.database.connect({ modules: false }))
  const other = await scratch.database.connect({ modules: false })
  const sql = 'GRANT SELECT ON t TO wavering'
  const look = scratch.watchShared(other, { kind: 'sql', sql, file: '0001_a.up.sql' })
  await session.execute('BEGIN; CREATE ROLE wavering')
  expect(await look?.(sql)).toBe('run')
  await session.execute('ROLLBACK')
  expect(await look?.(sql)).toBe('run')
  const [row] = await session.query("SELECT count(*)::text AS roles FROM pg_roles WHERE rolname = 'wavering'")
  expect(row?.roles).toBe('1')
  await Promise.all([session.close(), other.close()])
  await scratch.drop()
})
