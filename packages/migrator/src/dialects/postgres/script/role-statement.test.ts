import { beforeAll, expect, test } from 'vitest'
import { roleStatementIn } from './role-statement.ts'
import { loadParser } from './statements.ts'

beforeAll(loadParser)

test('a statement that makes a role names it', () => {
  expect(roleStatementIn('CREATE ROLE reader NOLOGIN')).toEqual({ kind: 'create', name: 'reader' })
  expect(roleStatementIn('create user "A b"')).toEqual({ kind: 'create', name: 'A b' })
})

test('recognises a statement that drops roles', () => {
  expect(roleStatementIn('DROP ROLE IF EXISTS reader, writer')).toEqual({ kind: 'drop' })
})

test('any other statement is none of these', () => {
  for (const sql of [
    'CREATE USER MAPPING FOR a SERVER b',
    'CREATE TABLE role (id int)',
    'GRANT a TO b',
    'DO $$ CREATE ROLE a $$',
  ])
    expect(roleStatementIn(sql)).toBeUndefined()
})
