import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Migration } from '../../src/core/migration.ts'
import { rehearse } from '../../src/engine/rehearse/rehearse.ts'
import type { ScratchContext, ScratchServer } from '../../src/ports/scratch.ts'
import { createDatabase } from '../support/database.ts'
import { contextOn, scratchOn, sqlMigration } from '../support/rehearse.ts'

// Rehearsals in a row share a database. Each must find it as if it were the only one.

let server: ScratchServer
let context: ScratchContext
let copies = 0

beforeAll(async () => {
  const real = await scratchOn()
  const counted = <T extends unknown[], R>(make: (...given: T) => R) => {
    return (...given: T): R => {
      copies++
      return make(...given)
    }
  }
  server = { ...real, empty: counted(real.empty), copyOf: counted(real.copyOf), copy: counted(real.copy) }
  context = contextOn(server)
})

afterAll(() => server.close())

const history = (
  ...steps: readonly (readonly [up: string, down: string] | readonly [string])[]
): readonly Migration[] => steps.map(([up, down], at) => sqlMigration({ id: `000${at + 1}_step`, up, down }))

async function verdictsOf(chain: readonly Migration[], chosen = chain.map(({ id }) => id)) {
  copies = 0
  const rehearsals = await rehearse(context, chain, { chosen: new Set(chosen) })
  return Object.fromEntries(rehearsals.map(({ id, verdict, reasons }) => [id, { verdict, reasons }]))
}

async function sameAloneAndInARow(chain: readonly Migration[]) {
  const row = await verdictsOf(chain)
  const made = copies
  for (const { id } of chain) expect(await verdictsOf(chain, [id])).toEqual({ [id]: row[id] })
  return { row, made }
}

const ROLES = [
  "CREATE TABLE roles (id serial PRIMARY KEY, name text NOT NULL, t text DEFAULT 'a, (b)');",
  'DROP TABLE roles;',
] as const

describe('the next rehearsal finds', () => {
  test('the rows that migrations wrote, and sequences where they stood', async () => {
    const third = `INSERT INTO roles (name) VALUES ('guest'); DO $$ BEGIN ASSERT (SELECT string_agg(id || name, ' ' ORDER BY id) FROM roles WHERE t = 'a, (b)') = '1admin 2member 3guest'; END $$;`
    const chain = history(
      ROLES,
      [
        `INSERT INTO roles (name) VALUES ('admin'), ('member');`,
        `DELETE FROM roles WHERE name IN ('admin', 'member');`,
      ],
      ['CREATE INDEX by_name ON roles (name);', 'DROP INDEX by_name;'],
      [third, `DELETE FROM roles WHERE name = 'guest'; SELECT setval('roles_id_seq', 2);`],
    )
    // The assertion is about a history without made-up rows: it holds on the way to a later one.
    const last = [
      ...chain,
      sqlMigration({ id: '0005_step', up: 'ALTER TABLE roles ADD n int;', down: 'ALTER TABLE roles DROP n;' }),
    ]
    const verdicts = await verdictsOf(last, ['0002_step', '0003_step', '0005_step'])
    expect(Object.values(verdicts).map(({ verdict }) => verdict)).toEqual(['lossless', 'lossless', 'lossy'])
  })

  test('a sequence that was set, and that nobody has asked for a number since', async () => {
    const third = `DO $$ BEGIN ASSERT nextval('roles_id_seq') = 1000 AND nextval('alone') = 50; END $$;`
    const chain = history(
      ROLES,
      [
        'CREATE SEQUENCE alone; ALTER SEQUENCE roles_id_seq RESTART WITH 1000; ALTER SEQUENCE alone RESTART WITH 50;',
        'DROP SEQUENCE alone;',
      ],
      ['CREATE INDEX by_name ON roles (name);', 'DROP INDEX by_name;'],
      [third, 'SELECT 1;'],
      ['CREATE TABLE u (id int);', 'DROP TABLE u;'],
    )
    const verdicts = await verdictsOf(chain, ['0003_step', '0005_step'])
    expect(verdicts).toMatchObject({ '0003_step': { verdict: 'lossless' }, '0005_step': { verdict: 'lossy' } })
  })

  test('tables empty that a trigger wrote into meanwhile', async () => {
    const chain = history(
      [
        `CREATE TABLE audit (id serial PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit DEFAULT VALUES; RETURN NEW; END';
         CREATE TRIGGER note AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();`,
        'DROP TABLE t; DROP FUNCTION note; DROP TABLE audit;',
      ],
      ['ALTER TABLE t ADD n int;', 'ALTER TABLE t DROP n;'],
      [`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM audit); END $$;`],
      ['CREATE TABLE u (id int);', 'DROP TABLE u;'],
    )
    const verdicts = await verdictsOf(chain, ['0002_step', '0004_step'])
    expect(verdicts).toMatchObject({ '0002_step': { verdict: 'lossy' }, '0004_step': { verdict: 'lossy' } })
  })

  test('a materialized view as the migrations alone left it', async () => {
    const chain = history(
      ROLES,
      ['CREATE MATERIALIZED VIEW seen AS SELECT name FROM roles;', 'DROP MATERIALIZED VIEW seen;'],
      ['SELECT 1;', 'REFRESH MATERIALIZED VIEW seen;'],
      [`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM seen); END $$;`],
      ['CREATE TABLE u (id int);', 'DROP TABLE u;'],
    )
    const verdicts = await verdictsOf(chain, ['0003_step', '0005_step'])
    expect(verdicts).toMatchObject({ '0003_step': { verdict: 'lossless' }, '0005_step': { verdict: 'lossy' } })
  })

  test('no table that another one made for itself', async () => {
    const own = 'CREATE TEMP TABLE chosen AS SELECT id FROM roles;'
    const chain = history(ROLES, [own, 'SELECT 1;'], [own, 'SELECT 1;'], [own, 'SELECT 1;'])
    const verdicts = Object.values(await verdictsOf(chain)).map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['lossy', 'lossless', 'lossless', 'lossless'])
  })

  test('nothing of one whose down fails, leaves something, or is not there', async () => {
    const chain = history(
      ROLES,
      ['CREATE INDEX a ON roles (name);', 'DROP INDEX b;'],
      ['CREATE INDEX c ON roles (name);', 'SELECT 1;'],
      ['CREATE INDEX d ON roles (name);'],
      ['ALTER TABLE roles ADD n int; UPDATE roles SET n = 1;', 'ALTER TABLE roles DROP n;'],
    )
    const { row } = await sameAloneAndInARow(chain)
    const verdicts = Object.values(row).map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['lossy', 'broken', 'broken', 'irreversible', 'lossy'])
  })
})

test('what leaves the database as it was hands it on', async () => {
  const chain = history(
    ROLES,
    ...Array.from({ length: 8 }, (_, at) => [`CREATE INDEX i${at} ON roles (name);`, `DROP INDEX i${at};`] as const),
  )
  const { row, made } = await sameAloneAndInARow(chain)
  expect(Object.values(row).map(({ verdict }) => verdict)).toEqual(['lossy', ...Array(8).fill('lossless')])
  // One to begin with and one for the second core; each asks for a copy first, and makes an empty one.
  expect(made).toBeLessThanOrEqual(4)
})

test('outside a transaction too, for the down takes it back once more', async () => {
  const chain = [
    ...history(ROLES),
    ...Array.from({ length: 3 }, (_, at) =>
      sqlMigration({
        id: `000${at + 2}_index`,
        up: `CREATE INDEX CONCURRENTLY i${at} ON roles (name);`,
        down: `DROP INDEX CONCURRENTLY i${at};`,
        transactional: false,
      }),
    ),
  ]
  const { made } = await sameAloneAndInARow(chain)
  expect(made).toBeLessThanOrEqual(4)
})

test('roles, which are the whole server, are made by one after the other', async () => {
  const role = `role_${Math.random().toString(36).slice(2)}`
  const chain = history(
    ROLES,
    [`CREATE ROLE ${role};`, `DROP ROLE ${role};`],
    [`GRANT SELECT ON roles TO ${role};`, `REVOKE SELECT ON roles FROM ${role};`],
    ['CREATE INDEX e ON roles (name);', 'DROP INDEX e;'],
  )
  try {
    const verdicts = Object.values(await verdictsOf(chain)).map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['lossy', 'lossless', 'lossless', 'lossless'])
    expect(copies).toBeLessThanOrEqual(2)
  } finally {
    const db = await createDatabase()
    await db.sql.unsafe(`DROP ROLE IF EXISTS ${role}`)
    await db.drop()
  }
})
