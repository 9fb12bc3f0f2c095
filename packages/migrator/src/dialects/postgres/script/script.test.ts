import { describe, expect, test } from 'vitest'
import { scriptOf } from './script.ts'

describe('scriptOf', () => {
  test.each([
    ['BEGIN;\nSELECT 1;\nCOMMIT;\n', '      \nSELECT 1;\n       \n'],
    ['begin transaction ; SELECT 1; commit', '                    SELECT 1;       '],
    [
      '-- why; COMMIT;\nSTART\nTRANSACTION;SELECT 1; /* a */ COMMIT WORK; -- done',
      '-- why; COMMIT;\n     \n            SELECT 1; /* a */              -- done',
    ],
    ['BEGIN;COMMIT;', '             '],
    ['BEGIN;\nSELECT CASE WHEN true THEN 1 END;\nEND;', '      \nSELECT CASE WHEN true THEN 1 END;\n    '],
  ])('takes it off %j', (sql, left) => {
    expect(scriptOf(sql, true)).toBe(left)
  })

  test.each([
    'SELECT 1;',
    'BEGIN; SELECT 1;',
    'SELECT 1; COMMIT;',
    'SELECT 1; BEGIN; SELECT 2; COMMIT;',
    'BEGIN; SELECT 1; COMMIT; SELECT 2;',
    'BEGIN; SELECT 1; ROLLBACK;',
    'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;',
    'BEGIN; SELECT 1 AS commit;',
    'BEGIN; SELECT CASE WHEN true THEN 1 END;',
    'BEGIN; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;',
    'BEGIN; DO $$ BEGIN COMMIT; END $$;',
    "BEGIN; SELECT ';COMMIT;'",
  ])('leaves %j as it is', (sql) => {
    expect(scriptOf(sql, true)).toBe(sql)
  })

  test('leaves a file that opens its own transaction, and takes the mark of an editor off', () => {
    expect(scriptOf('\uFEFFBEGIN; SELECT 1; COMMIT;', false)).toBe('BEGIN; SELECT 1; COMMIT;')
  })

  test('is quick on a long file', () => {
    const long = `BEGIN;\n${'INSERT INTO t VALUES (1); -- commit;\n'.repeat(20_000)}`
    expect(scriptOf(`${long}COMMIT;`, true)).toHaveLength(long.length + 7)
  })
})
