import { describe, expect, test } from 'vitest'
import { type ErrorCode, errorTable, MigratorError } from './errors.ts'

const codes = Object.keys(errorTable) as readonly ErrorCode[]

/** The scripts that SPEC.md names. A hint that names another leads nowhere. */
const SCRIPTS = new Set(
  [
    'migrate',
    'rollback',
    'migrate:status',
    'migrate:safe',
    'new',
    'preserved',
    'generate',
    'validate',
    'rehearse',
    'plan',
    'deploy',
  ].concat(
    ['snapshot', 'restore', 'history', 'drift', 'doctor', 'baseline', 'import', 'repair', 'panic'],
    ['start', 'stop', 'psql', 'reset', 'seed'],
  ),
)

describe.each(codes)('%s', (code) => {
  const { exit, hint } = errorTable[code]

  test('says what to do next, in a sentence', () => {
    expect(hint.length).toBeGreaterThan(10)
    expect(hint).toMatch(/[.|]$/)
    expect(hint).toMatch(/^[A-Z]|^db:/)
  })

  test('ends with an allowed exit code that is not success', () => {
    expect([1, 2, 3, 4, 5, 130]).toContain(exit)
  })

  test('names only commands that exist', () => {
    for (const [, script = ''] of hint.matchAll(/\bdb:([a-z]+(?::[a-z]+)?)/g)) expect(SCRIPTS).toContain(script)
  })
})

test('codes are words in capitals', () => {
  for (const code of codes) expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/)
})

test('safety rules end with 3, the lock with 4, a check with 5, an interruption with 130', () => {
  const withExit = (exit: number) => codes.filter((code) => errorTable[code].exit === exit)
  expect(withExit(4)).toEqual(['LOCK_UNAVAILABLE'])
  expect(withExit(5)).toEqual(['CHECK_FAILED'])
  expect(withExit(130)).toEqual(['INTERRUPTED'])
  for (const code of [
    'CHECKSUM_MISMATCH',
    'MIGRATION_MISSING',
    'OUT_OF_ORDER',
    'MIGRATION_DIRTY',
    'CONFIRMATION_REQUIRED',
  ])
    expect(withExit(3)).toContain(code)
})

describe('a MigratorError', () => {
  test('takes exit code and hint from the table', () => {
    const error = new MigratorError('LOCK_UNAVAILABLE', 'taken')
    expect(error).toMatchObject({
      name: 'MigratorError',
      message: 'taken.',
      exitCode: 4,
      hint: errorTable.LOCK_UNAVAILABLE.hint,
      details: {},
    })
    expect(error).toBeInstanceOf(Error)
    expect('cause' in error).toBe(false)
  })

  test('takes a hint, details and a cause of its own', () => {
    const cause = new Error('why')
    const error = new MigratorError('MIGRATION_FAILED', 'failed', { hint: 'Look.', details: { line: 3 }, cause })
    expect(error).toMatchObject({ hint: 'Look.', details: { line: 3 }, cause, exitCode: 1 })
  })
})

describe.each(codes)('a message of %s', (code) => {
  test.each([
    'it failed',
    'it failed.',
    'it failed..',
    'it failed: ',
    'fehlgeschlagen:.',
    'failed?',
    'failed!',
    '失敗。',
  ])('ends in one mark: %j', (text) => {
    const { message } = new MigratorError(code, `0001_a.sql: ${text}.`)
    expect(message).toMatch(/[^.:。!?][.!?]$/)
  })
})
