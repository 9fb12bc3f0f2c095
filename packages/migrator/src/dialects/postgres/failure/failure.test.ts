import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { MigratorError } from '../../../errors.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import { connectFailure, type Origin, statementFailure } from './failure.ts'
import { isConnectionLoss } from './server-error.ts'

const ofPooler = (message: string) => serverError('08P01', { severity: undefined, severity_local: 'FATAL', message })
const serverError = (code: string, more: object = {}) =>
  Object.assign(new Error('it went wrong'), { code, severity: 'ERROR', ...more })

describe('a failed statement', () => {
  const check = (error: unknown, origin: Origin, expected: object) =>
    expect(statementFailure(error, origin)).toMatchObject(expected)

  test('is placed in its file by line and column, counted in characters', () => {
    const sql = "-- 😀é\nSELECT '😀', missing FROM a"
    check(
      serverError('42703', { position: '19' }),
      { file: '1_a.up.sql', sql },
      {
        code: 'MIGRATION_FAILED',
        message: '1_a.up.sql:2:13: it went wrong.',
        details: { sqlstate: '42703', line: 2, column: 13, statement: "SELECT '…', missing FROM a" },
      },
    )
  })

  test('is placed in the whole file where only a part of it was sent', () => {
    const startsAt = { line: 3, column: 5 }
    check(
      serverError('42601', { position: '8' }),
      { file: 'f', sql: 'SELECT x', startsAt },
      { details: { line: 3, column: 12 } },
    )
    check(
      serverError('42601', { position: '10' }),
      { file: 'f', sql: 'SELECT\n  x', startsAt },
      { details: { line: 4, column: 3 } },
    )
  })

  test('has a code of its own where the next step differs', () => {
    const codes = {
      '55P03': 'LOCK_TIMEOUT',
      '57014': 'STATEMENT_TIMEOUT',
      '40P01': 'DEADLOCK',
      '40001': 'SERIALIZATION_FAILURE',
      '25006': 'DATABASE_READ_ONLY',
      '23505': 'MIGRATION_FAILED',
    }
    for (const [state, code] of Object.entries(codes)) check(serverError(state), {}, { code })
  })

  test('keeps its cause, and what the server adds of objects', () => {
    const error = serverError('2BP01', {
      detail: 'view v depends on a',
      hint: 'Use another.',
      constraint_name: 'a_key',
    })
    check(
      error,
      {},
      { cause: error, message: expect.stringContaining('view v depends on a'), details: { constraint: 'a_key' } },
    )
  })

  test.each([
    ['23505', { message: 'duplicate key', detail: 'Key (a)=(ada) exists.' }],
    ['22P02', { message: 'invalid input syntax for type integer: "ada"' }],
    ['22P02', { message: 'invalid input value for enum a: « ada »' }],
    ['22P02', { message: 'bad', where: 'COPY t, line 3, column a: "ada"' }],
    [
      '23514',
      { message: 'bad', where: 'SQL statement "INSERT INTO t VALUES (1, \'ada\')"\nPL/pgSQL function f() line 3' },
    ],
    ['42601', { message: 'bad', where: "unnamed portal with parameters: $1 = 'ada'" }],
    ['P0001', { message: 'stopped', detail: 'row (ada)' }],
  ])('tells no content of rows: %s %j', (state, words) => {
    const { message, details } = statementFailure(serverError(state, words), {})
    expect(`${message} ${JSON.stringify(details)}`).not.toContain('ada')
  })

  test("keeps where in a function it was, and a setting's bad value", () => {
    const where = 'PL/pgSQL function f(integer) line 3 at RAISE'
    check(serverError('22P02', { where }), {}, { details: { where } })
    const message = 'invalid value for parameter "TimeZone": "Mars"'
    check(serverError('22023', { message }), {}, { message: `${message}.` })
  })

  test("leaves out the parameters that Drizzle's message holds", () => {
    const wrapped = Object.assign(new Error('Failed query: insert\nparams: ada', { cause: new Error('too late') }), {
      params: ['ada'],
    })
    check(wrapped, {}, { message: 'too late.' })
  })

  test('is found below what an ORM wrapped around it', () => {
    check(
      new Error('Failed query', { cause: new Error('more', { cause: serverError('55P03') }) }),
      {},
      { code: 'LOCK_TIMEOUT' },
    )
  })

  test('never repeats a password', () => {
    const error = statementFailure(serverError('42601', { message: 'near postgres://u:hunter2@h/d' }), {
      sql: 'SELECT 1',
    })
    expect(error.message).not.toContain('hunter2')
    const own = statementFailure(new Error('no way to postgres://u:hunter2@h/d'), { file: 'f' })
    expect(own.message).not.toContain('hunter2')
  })

  test('is never cut in the middle of a character', () => {
    for (const lead of ['SELECT ', 'SELECT  ']) {
      const sql = `${lead}'${'😀'.repeat(300)}'`
      expect(statementFailure(serverError('42601'), { sql }).details.statement).not.toMatch(/\p{Cs}/u)
    }
  })

  test('that is one of ours already stays as it is', () => {
    const error = new MigratorError('LOCK_LOST', 'gone')
    expect(statementFailure(error, {})).toBe(error)
  })
})

test('a lost connection differs from an error of the server', () => {
  const check = (error: unknown, expected: boolean) => expect(isConnectionLoss(error)).toBe(expected)
  check(Object.assign(new Error('x'), { code: 'ECONNRESET' }), true)
  check(new Error('x', { cause: Object.assign(new Error('y'), { code: 'CONNECTION_CLOSED' }) }), true)
  check(serverError('57P01', { severity: 'FATAL' }), true)
  check(serverError('08P01', { severity: undefined, severity_local: 'FATAL' }), true)
  check(new postgres.PostgresError({ message: 'no field but this one' } as never), true)
  check(serverError('57P01'), false)
  check(serverError('08006'), false)
  check(serverError('42601'), false)
  check(new Error('ECONNRESET'), false)
  check('text', false)
})

describe('a connection that cannot be opened', () => {
  const location: DatabaseLocation = { host: 'db', port: 5432, database: 'shop', user: 'app', local: false }
  const check = (error: unknown, code: string, word: string) => {
    const failure = connectFailure(error, location)
    expect(failure).toMatchObject({ code, exitCode: 1, cause: error, message: expect.stringContaining('db:5432') })
    expect(failure.message).toContain(word)
  }

  test('says why, in plain words', () => {
    check(serverError('3D000'), 'DATABASE_NOT_FOUND', '"shop"')
    check(serverError('28P01'), 'AUTHENTICATION_FAILED', '"app"')
    check(serverError('42501'), 'PERMISSION_DENIED', 'it went wrong')
    check(Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'CONNECTION_FAILED', 'nothing listens there')
    check(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'CONNECTION_FAILED', 'host name is unknown')
    check(new Error('odd'), 'CONNECTION_FAILED', 'odd')
    check(serverError('53300'), 'CONNECTION_FAILED', 'The server db:5432 is busy: it went wrong.')
    check(serverError('57P03'), 'CONNECTION_FAILED', 'The server db:5432 is busy: it went wrong.')
    check(ofPooler('query_wait_timeout'), 'CONNECTION_FAILED', 'The pooler db:5432 is busy: query_wait_timeout.')
    check(ofPooler('password authentication failed'), 'AUTHENTICATION_FAILED', '"app"')
    check(ofPooler('no such database: shop'), 'DATABASE_NOT_FOUND', '"shop"')
  })

  test('is not named by the words of the server, which lc_messages changes', () => {
    const message = 'authentication failed, no such database'
    check(serverError('XX000', { message }), 'CONNECTION_FAILED', message)
  })
})
