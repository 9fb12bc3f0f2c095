import { describe, expect, test } from 'vitest'
import { done, expectEmptyArchive, rowsOf } from '../support/kept.ts'
import { drizzle, module, scene } from '../support/scene.ts'

describe('a down with bound parameters', () => {
  const IMPORTS = `import { sql, eq, gt, inArray, and } from '${drizzle()}'
    import { pgTable, integer, text, timestamp, boolean } from '${drizzle('pg-core')}'
    const t = pgTable('t', { id: integer().primaryKey(), v: text(), at: timestamp({ withTimezone: true }), ok: boolean() })`

  test.each([
    ['a number', 'await db.execute(sql`DELETE FROM t WHERE id > {{4}}`)', 4],
    ['a text that looks like a number', "await db.execute(sql`DELETE FROM t WHERE v = {{'3'}}`)", 5],
    ['a number for a text', 'await db.execute(sql`DELETE FROM t WHERE v = {{3}}`)', 5],
    ['a query builder', 'await db.delete(t).where(gt(t.id, 2))', 2],
    ['several values', 'await db.delete(t).where(inArray(t.id, [1, 2, 3]))', 3],
    [
      'a boolean and a moment',
      "await db.delete(t).where(and(eq(t.ok, true), gt(t.at, new Date('2026-01-03T12:00:00Z'))))",
      3,
    ],
    ['a quote in a text', 'await db.execute(sql`DELETE FROM t WHERE v <> {{"it\'s"}}`)', 0],
    [
      'a text that only looks like a parameter',
      "await db.execute(sql`DELETE FROM t WHERE v <> '$1' AND id = {{6}}`)",
      5,
    ],
  ])('%s', async (_, down, left) => {
    const code = down.replaceAll('{{', '$' + '{').replaceAll('}}', '}')
    const at = await scene(module('0001_d', { up: "await db.execute('SELECT 1')", down: code, more: IMPORTS }), {
      standing: `CREATE TABLE t (id int PRIMARY KEY, v text, at timestamptz, ok boolean);
        INSERT INTO t SELECT i, i::text, '2026-01-01Z'::timestamptz + i * interval '1 day' - interval '1 day', true FROM generate_series(1, 6) i`,
    })
    await done(at, 'migrate')
    const all = 'SELECT * FROM t ORDER BY id'
    const before = await rowsOf(at.db, all)
    await done(at, 'rollback', '--preserve-data')
    expect(await rowsOf(at.db, 'SELECT count(*) AS n FROM t')).toEqual([{ n: left }])
    await done(at, 'migrate')
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })
})
