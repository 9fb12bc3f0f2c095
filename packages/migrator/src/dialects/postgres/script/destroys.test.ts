import { beforeAll, describe, expect, test } from 'vitest'
import type { DataLossEffect } from '../../../core/data-loss-effect.ts'
import { createStatementEffects, destroyedBy } from './destroys.ts'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

function statementsOf(sql: string) {
  const parsed = parseStatements(sql)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.statements
}

/** `relation app.orders cascade`, `column orders.note`, `deleted t: t WHERE true` … */
function words(each: DataLossEffect): string {
  if (each.kind === 'path' || each.kind === 'untold') return each.kind
  const name = [each.ref.schema, each.ref.name].filter((part) => part !== undefined).join('.')
  const cascade = 'reach' in each && each.reach === 'cascade' ? ' cascade' : ''
  if (each.kind === 'object') return `${each.object} ${name}${cascade}`
  if (each.kind === 'column') return `column ${name}.${each.column}${cascade}`
  if (each.kind === 'retyped') return `retyped ${name}.${each.column} ${each.type}`
  if (each.kind === 'overwritten') return `overwritten ${name}.${each.column}`
  if (each.kind === 'emptied') return `emptied ${name}${cascade}`
  return `deleted ${name} as ${each.alias}: ${each.from}`
}

describe('a statement destroys', () => {
  test.each([
    ['DROP TABLE orders', ['relation orders']],
    [
      'DROP TABLE IF EXISTS app.orders, "Other Orders" CASCADE',
      ['relation app.orders cascade', 'relation Other Orders cascade'],
    ],
    ['DROP VIEW v CASCADE', ['relation v cascade']],
    ['DROP SCHEMA app CASCADE', ['schema app cascade']],
    ['DROP TYPE app.mood CASCADE', ['type app.mood cascade']],
    ['DROP DOMAIN email CASCADE', ['type email cascade']],
    ['DROP FUNCTION f(int) CASCADE', ['function f cascade']],
    ['DROP EXTENSION hstore', ['extension hstore']],
    ['DROP OWNED BY someone', ['role someone cascade']],
    ['ALTER TABLE orders DROP COLUMN note', ['column orders.note']],
    [
      'ALTER TABLE ONLY app.orders DROP COLUMN IF EXISTS "Größe" CASCADE, DROP b',
      ['column app.orders.Größe cascade', 'column app.orders.b'],
    ],
    ['ALTER TABLE orders ALTER COLUMN total TYPE numeric(6,2)', ['retyped orders.total numeric(6,2)']],
    ['ALTER TABLE orders ALTER tags SET DATA TYPE text[] USING null', ['retyped orders.tags text[]']],
    ['ALTER TYPE address DROP ATTRIBUTE zip', ['untold']],
    ['TRUNCATE a, app.b RESTART IDENTITY CASCADE', ['emptied a cascade', 'emptied app.b cascade']],
    ['DELETE FROM settings', ['deleted settings as settings: settings']],
    [
      'delete from ONLY app.settings AS s where s.key = $$x$$',
      ['deleted app.settings as s: ONLY app.settings AS s where s.key = $$x$$'],
    ],
    ['DELETE FROM a USING b WHERE a.id = b.id', ['untold']],
    ['WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone', ['untold']],
    ['MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE', ['untold']],
    ['UPDATE app.a AS x SET b = 1, "C c" = DEFAULT WHERE b > 2', ['overwritten app.a.b', 'overwritten app.a.C c']],
    [
      'UPDATE a SET (b, c) = (SELECT 1, 2), d[1] = 3, d[2] = 4',
      ['overwritten a.b', 'overwritten a.c', 'overwritten a.d'],
    ],
    ['WITH gone AS (DELETE FROM b) UPDATE a SET c = 1', ['overwritten a.c', 'untold']],
    ['DO $$ BEGIN DROP TABLE a; END $$', ['untold']],
    ["DO $$ BEGIN EXECUTE 'DR' || 'OP TABLE a'; END $$", ['untold']],
    ['CALL tidy_up()', ['untold']],
    ['SET search_path TO app', ['path']],
  ])('%s', (sql, expected) => {
    expect(statementsOf(sql).flatMap(destroyedBy).map(words)).toEqual(expected)
  })
})

describe('a statement destroys nothing', () => {
  test.each([
    'CREATE TABLE a (id int)',
    'DROP INDEX a_idx',
    'DROP TYPE mood',
    'DROP SCHEMA app',
    'DROP FUNCTION f(int)',
    'ALTER TABLE a DROP CONSTRAINT a_pkey',
    'ALTER TABLE a ALTER COLUMN b DROP DEFAULT',
    'ALTER TABLE a RENAME TO b',
    'ALTER VIEW v RENAME COLUMN a TO b',
    'DO $$ BEGIN PERFORM 1; END $$',
    'SET lock_timeout = 0',
  ])('%s', (sql) => {
    expect(statementsOf(sql).flatMap(destroyedBy)).toEqual([])
  })
})

describe('texts that run one after the other', () => {
  test.each([
    ['name a renamed table as it is now', ['ALTER TABLE a RENAME TO b', 'DROP TABLE b'], ['relation a']],
    [
      'name a renamed column as it is now',
      ['ALTER TABLE a RENAME COLUMN x TO y; ALTER TABLE a DROP COLUMN y'],
      ['column a.x'],
    ],
    [
      'follow both, over several texts',
      [
        'ALTER TABLE a RENAME TO b',
        'ALTER TABLE b RENAME COLUMN x TO y',
        'ALTER TABLE b RENAME TO c; ALTER TABLE c DROP COLUMN y',
      ],
      ['column a.x'],
    ],
    [
      'leave out what they create themselves',
      ['CREATE TABLE t (id int); CREATE TABLE u AS SELECT 1; DROP TABLE t, u'],
      [],
    ],
    [
      'leave out what they create under another name',
      ['CREATE TABLE t (id int); ALTER TABLE t RENAME TO u', 'DROP TABLE u'],
      [],
    ],
  ])('%s', (_, texts, expected) => {
    const read = createStatementEffects()
    expect(texts.flatMap((text) => read(statementsOf(text))).map(words)).toEqual(expected)
  })
})
