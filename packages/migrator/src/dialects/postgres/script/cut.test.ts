import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { randomSource } from '../../../../test/support/random.ts'
import { cutStatements } from './cut.ts'
import { byteCursor } from './offsets.ts'
import { loadParser, parseStatements, visitStatements } from './statements.ts'
import { startOfCode } from './text.ts'

beforeAll(async () => {
  await loadModule()
  await loadParser()
})

function ours(sql: string): readonly string[] {
  return [...cutStatements(sql)].map(({ from, to }) => sql.slice(from, to).trimEnd())
}

/** The whole text in one call of PostgreSQL's parser. */
function parsers(sql: string): readonly string[] {
  const indexAt = byteCursor(sql)
  return (parseSync(sql).stmts ?? []).map(({ stmt_location: at = 0, stmt_len: length }) => {
    const from = startOfCode(sql, indexAt(at))
    return sql.slice(from, length ? indexAt(at + length) : sql.length).trimEnd()
  })
}

const STATEMENTS = [
  `SELECT ';', E'\\';', E'a'\n  'b\\';', U&'\\0441;', U&";a", B'1', 'it''s;', e'\\\\' || ';'`,
  'SELECT $$;$$, $a$;$$;$a$, $1, a$1$b FROM ";"";"',
  'SELECT 1 /* ; /* ; */ ; */ + 2 -- ;\n + 3',
  'SELECT 1-- ;\r+ 2',
  'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 ELSE 2 END; END',
  'create or replace procedure begin() begin atomic insert into a values (1); end',
  'CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)',
  'DO $$ BEGIN PERFORM 1; END $$',
  `CREATE FUNCTION "begin"() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
  'CREATE TABLE "end" (atomic int, "case" int)',
  'BEGIN',
  'END',
  "INSERT INTO \"漢;\" VALUES ('😀;', 'é')",
  "SELECT 1 AS é, 2*/*;*/3, 4<-5, a->>'b;', 1.5e3, 0x1F, 1_000",
  'SELECT "a""b;", U&"\\0061;" FROM c',
  "ALTER TABLE a ADD CHECK (b <> ';')",
]

test('fifty texts put together at random are cut as the parser cuts them, however they are parsed', async () => {
  const { below, pick } = randomSource(9)
  for (let round = 0; round < 50; round++) {
    const between = [';', ' ;\n', ';;', '; -- ;\n', ';/* ; */', ';\r\n'] as const
    const parts = Array.from({ length: 1 + below(12) }, () => `${STATEMENTS[below(STATEMENTS.length)]}${pick(between)}`)
    const sql = `${pick(['', '\uFEFF', '-- a;\n', '/* ; */ '])}${parts.join(pick([' ', '\n']))}`
    const expected = parsers(sql.replace(/^\uFEFF/, ' '))
    expect(ours(sql), sql).toEqual(expected)
    const parsed = parseStatements(sql)
    expect(parsed.ok && parsed.statements.map((each) => each.sql)).toEqual(expected)
  }
})

// The server takes a comment between the parts of a string; libpg_query does not.
test.each([...STATEMENTS, `SELECT E'a' -- x\n 'b\\';'`])('%j is one statement', (sql) => {
  expect(ours(`${sql};${sql}`)).toEqual([sql, sql])
})

describe('the texts of real migrations are cut as the parser cuts them', () => {
  const folder = join(import.meta.dirname, '../../../../test/fixtures')
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sql'))

  test(`${files.length} of them`, () => {
    for (const name of files) {
      const sql = readFileSync(join(folder, name), 'utf8')
      expect(ours(sql), name).toEqual(sql === '' ? [] : parsers(sql))
    }
  })
})

describe('a long text', () => {
  const lines = Array.from({ length: 3000 }, (_, at) => `INSERT INTO "é" VALUES (${at}, '😀;');`)

  test('is parsed in parts, with the places of the whole', () => {
    const parsed = parseStatements(lines.join('\n  '))
    if (!parsed.ok) throw new Error(parsed.message)
    expect(parsed.statements).toHaveLength(lines.length)
    expect(parsed.statements[0]?.at).toEqual({ line: 1, column: 1 })
    expect(parsed.statements[2500]).toMatchObject({
      at: { line: 2501, column: 3 },
      sql: `INSERT INTO "é" VALUES (2500, '😀;')`,
    })
  })

  test('names the place of an error in any part of it', () => {
    const broken = lines.with(2500, '  SELEKT 1;')
    expect(parseStatements(broken.join('\n'))).toMatchObject({ ok: false, at: { line: 2501, column: 3 } })
  })

  test('lets timers and signals run, and ends when it is aborted', async () => {
    let [turns, seen] = [0, 0]
    const timer = setInterval(() => turns++, 0)
    expect(await visitStatements(lines.join('\n'), () => seen++)).toBeUndefined()
    clearInterval(timer)
    expect(seen).toBe(lines.length)
    expect(turns).toBeGreaterThan(1)
    let visited = 0
    await visitStatements(lines.join('\n'), () => (++visited === 5 ? 'stop' : undefined))
    expect(visited).toBe(5)
  })
})
