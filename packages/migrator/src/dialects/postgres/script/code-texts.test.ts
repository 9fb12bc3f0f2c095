import { beforeAll, expect, test } from 'vitest'
import { readCode } from './code-texts.ts'
import { loadParser } from './statements.ts'

beforeAll(loadParser)

test.each([
  ['a template', 'async (db) => { await db.execute(sql`DROP TABLE orders`) }', ['DROP TABLE orders']],
  ['several statements', 'db.execute(sql`ALTER TABLE a DROP b; DROP TYPE c`)', ['ALTER TABLE a DROP b', 'DROP TYPE c']],
  [
    'both kinds of quotes',
    `db.execute("DROP TABLE a"); db.execute('DROP TABLE "b"')`,
    ['DROP TABLE a', 'DROP TABLE "b"'],
  ],
  ['what is escaped', String.raw`db.execute('DROP TABLE \u00e4\'s')`.replace(String.raw`\'s`, ''), ['DROP TABLE ä']],
  ['no comment', '/* sql`DROP TABLE a` */ // db.execute("DROP TABLE b")\nrun()', []],
  ['no text that is no SQL', 'throw new Error("drop it")', []],
])('finds %s', (_, code, expected) => {
  expect(readCode(code).statements.map(({ sql }) => sql)).toEqual(expected)
})

test.each([`sql\`DROP TABLE $${'{name}'}\``, "sql.raw('DROP TABLE ' + name)", 'db.delete(users)'])(
  'leaves what is unknown in the rest: %s',
  (code) => {
    const { statements, rest } = readCode(code)
    expect(statements).toEqual([])
    expect(rest).toBe(code)
  },
)
