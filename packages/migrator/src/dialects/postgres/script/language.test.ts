import { describe, expect, test } from 'vitest'
import type { Action } from '../../../core/migration.ts'
import type { ScriptStatement } from '../../../ports/script-language.ts'
import { postgresScript } from './language.ts'

const sqlAction = (sql: string): Action => ({ kind: 'sql', sql, file: '1_a.down.sql' })
const codeAction = (code: string): Action => ({
  kind: 'module',
  run: Object.assign(() => undefined, { toString: () => code }),
  file: '1_a.ts',
})

describe('a statement tells', () => {
  const table = (name: string, schema?: string) => ({
    kind: 'table',
    name,
    ...(schema === undefined ? {} : { schema }),
  })
  const cases: readonly (readonly [string, Partial<ScriptStatement>])[] = [
    ['DROP TABLE s.a, b', { drops: [table('a', 's'), table('b')], isRemoval: true }],
    ['ALTER TABLE a DROP COLUMN b', { drops: [{ kind: 'column', name: 'a', part: 'b' }], isRemoval: true }],
    ['TRUNCATE a', { drops: [table('a')], isRemoval: false }],
    ['DELETE FROM s.a', { wipes: table('a', 's'), drops: [] }],
    ['DELETE FROM a WHERE b = 1', { wipes: undefined }],
    ['CREATE INDEX CONCURRENTLY "A b" ON a (b)', { createsIndexes: ['A b'] }],
    ['CREATE TABLE a ()', { createsIndexes: [], isOpaque: false, transaction: 'as-before' }],
    ['DO $$ BEGIN END $$', { isOpaque: true, transaction: 'as-before' }],
    ['CALL f()', { isOpaque: true }],
    ['BEGIN', { transaction: 'open' }],
    ['START TRANSACTION READ ONLY', { transaction: 'open' }],
    ['COMMIT', { transaction: 'closed' }],
    ['END', { transaction: 'closed' }],
    ['ROLLBACK', { transaction: 'closed' }],
    ['COMMIT AND CHAIN', { transaction: 'open' }],
    ["PREPARE TRANSACTION 'x'", { transaction: 'closed' }],
    ['ROLLBACK TO SAVEPOINT a', { transaction: 'as-before' }],
    ['PREPARE a AS SELECT 1', { transaction: 'as-before' }],
  ]
  test.each(cases)('%s', async (sql, expected) => {
    const [statement, ...more] = (await postgresScript.statements(`${sql};`)) ?? []
    expect(more).toEqual([])
    expect(statement).toMatchObject({ sql, ...expected })
  })
})

test('a text that does not parse has no statements', async () => {
  expect(await postgresScript.statements('DROP TABLE a; SELEKT')).toBeUndefined()
  expect(await postgresScript.statements('-- nothing\n;')).toEqual([])
})

describe('problems', () => {
  const check = async (sql: string, within: 'transaction' | 'no-transaction', expected: readonly object[]) =>
    expect(await postgresScript.problems(sql, within)).toEqual(expected)
  const message = expect.any(String)

  test('are what would end the transaction', async () => {
    await check('SELECT 1;\n  COMMIT', 'transaction', [{ message, line: 2, column: 3 }])
    await check('SELECT 1;\n  COMMIT', 'no-transaction', [])
  })

  test('are what needs a stream', () =>
    check('COPY a FROM STDIN', 'no-transaction', [{ message: expect.stringContaining('stream'), line: 1, column: 1 }]))

  test('are what cannot be cut, outside a transaction', async () => {
    await check("SELECT '😀';\nSELEKT 1", 'no-transaction', [{ message, line: 2, column: 1 }])
    await check('SELEKT 1', 'transaction', [])
  })

  test.each([
    ['SELECT 1', false],
    ['SELECT 1; COMMIT', true],
  ])('are not looked for in %j in vain', (sql, expected) => expect(postgresScript.mayBeForbidden(sql)).toBe(expected))
})

describe('what actions do to data', () => {
  const dropped = (name: string) => expect.objectContaining({ kind: 'object', ref: { name } })

  test('uses current names, in the order in which the actions run', async () => {
    const reader = postgresScript.effectReader()
    expect(await reader.read(sqlAction('ALTER TABLE a RENAME TO b; CREATE TABLE c (); SELECT 1'))).toEqual({
      effects: [],
      isOpaque: false,
    })
    expect((await reader.read(sqlAction('DROP TABLE b CASCADE; DROP TABLE c CASCADE'))).effects).toEqual([dropped('a')])
  })

  test('is nothing where a script does not parse', async () => {
    expect((await postgresScript.effectReader().read(sqlAction('DROP TABLE a CASCADE; SELEKT'))).effects).toEqual([])
  })

  test.each([
    ['async (db) => { await db.execute(sql`DROP TABLE a`) }', [dropped('a')], false],
    ['async (db) => { await db.execute(sql`DROP TABLE a`); await db.delete(users) }', [dropped('a')], true],
    ['async (db) => { await elsewhere(db) }', [], true],
    ['async () => {}', [], false],
  ])('is read in the texts of code: %s', async (code, effects, isOpaque) => {
    expect(await postgresScript.effectReader().read(codeAction(code))).toEqual({ effects, isOpaque })
  })
})

test.each([
  ["ALTER TYPE a ADD VALUE 'b'", true],
  ["await db.execute(sql`ALTER TYPE a ADD VALUE 'b'`)", true],
  ["ALTER TYPE a RENAME VALUE 'a' TO 'b'", false],
])('%s needs its own transaction: %s', (text, expected) => {
  expect(postgresScript.standsAlone(text)).toBe(expected)
})

test('the header is made of line comments only, up to the first statement', () => {
  expect(postgresScript.header('-- a\n/* b\n-- c */\n  --d\nSELECT 1; -- e')).toBe(' a\nd\n')
})
