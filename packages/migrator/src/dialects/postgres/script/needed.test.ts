import { beforeAll, describe, expect, test } from 'vitest'
import { neededBy } from './needed.ts'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

describe('neededBy', () => {
  const needed = (sql: string) => {
    const parsed = parseStatements(sql)
    return parsed.ok ? parsed.statements.flatMap(neededBy).map(({ kind, name }) => `${kind} ${name}`) : parsed.message
  }

  test.each([
    ['CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', ['extension uuid-ossp']],
    ['GRANT SELECT ON t TO reader, "Web User"', ['role reader', 'role Web User']],
    ['REVOKE ALL ON SCHEMA public FROM anon', ['role anon']],
    ['ALTER TABLE t OWNER TO app', ['role app']],
    ['CREATE POLICY p ON t TO authenticated USING (true)', ['role authenticated']],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT SELECT ON TABLES TO reader', ['role owner', 'role reader']],
    ['SET ROLE app', []],
    ['GRANT SELECT ON t TO PUBLIC, CURRENT_USER', []],
    ['SELECT 1', []],
  ])('%s', (sql, expected) => expect([...needed(sql)].sort()).toEqual([...expected].sort()))
})
