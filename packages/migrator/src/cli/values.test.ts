import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { MigratorError } from '../errors.ts'
import { readCount, readDuration, readNumber, readPath } from './values.ts'

type Reader = (name: string, text: string | undefined) => number | undefined

function check(read: Reader, text: string | undefined, expected: number | undefined): void {
  expect(read('flag', text)).toBe(expected)
}

/** It is wrong usage, and the message repeats the flag and what was written. */
function checkRefused(read: Reader, texts: readonly string[]): void {
  for (const text of texts) {
    let error: unknown
    try {
      read('flag', text)
    } catch (thrown) {
      error = thrown
    }
    expect(error, JSON.stringify(text)).toBeInstanceOf(MigratorError)
    expect((error as MigratorError).message).toContain(`(got ${text || 'nothing'})`)
    expect(error).toMatchObject({
      code: 'USAGE_INVALID',
      exitCode: 2,
      message: expect.stringMatching(/^--flag must be /),
    })
  }
}

describe('a count', () => {
  test('is a whole number of at least one', () => {
    check(readCount, '1', 1)
    check(readCount, '007', 7)
    check(readCount, '999999999', 999_999_999)
    check(readCount, undefined, undefined)
  })

  test('is nothing else', () => {
    checkRefused(readCount, [
      '0',
      '00',
      '-1',
      '1.5',
      '1.0',
      '+1',
      '1e3',
      '0x10',
      '',
      ' ',
      ' 1',
      '1 ',
      'one',
      'NaN',
      'Infinity',
    ])
    checkRefused(readCount, ['1000000000', '20260101120000', '١'])
  })
})

test('a number may be zero', () => {
  check(readNumber, '0', 0)
  check(readNumber, '12', 12)
  check(readNumber, undefined, undefined)
  checkRefused(readNumber, ['-1', '1.5', '', 'x', '1e3', '1000000000'])
})

describe('a duration', () => {
  test('is in milliseconds unless it says otherwise', () => {
    check(readDuration, '500', 500)
    check(readDuration, '500ms', 500)
    check(readDuration, '5s', 5_000)
    check(readDuration, '5 s', 5_000)
    check(readDuration, '2m', 120_000)
    check(readDuration, '2min', 120_000)
    check(readDuration, '1h', 3_600_000)
    check(readDuration, '1.5s', 1_500)
    check(readDuration, '0', 0)
    check(readDuration, undefined, undefined)
  })

  test('is nothing else', () => {
    checkRefused(readDuration, ['', 's', '-5s', '5d', '5 years', '5S', '1,5s', '.5s', '5s5', '1e3', 'soon', '5s 3ms'])
  })

  test('that is not zero never becomes zero, which would mean: for ever', () => {
    for (const text of ['0.4ms', '0.4', '0.0001s']) {
      let read: number | undefined = 1
      try {
        read = readDuration('flag', text)
      } catch (error) {
        expect(error).toBeInstanceOf(MigratorError)
      }
      expect(read, text).toBeGreaterThan(0)
    }
  })

  test('is not longer than PostgreSQL and timers can count: 2147483647 ms', () => {
    check(readDuration, '596h', 2_145_600_000)
    checkRefused(readDuration, ['597h', '999999999h', '999999999s'])
  })
})

describe('a path', () => {
  test('is relative to where the user stands', () => {
    const folder = folderOf({ 'here/a.txt': '' })
    expect(readPath('here/a.txt', folder)).toBe(join(folder, 'here/a.txt'))
    expect(readPath('not/yet', folder)).toBe(join(folder, 'not/yet'))
  })

  test('stays what it is when it is absolute or not given', () => {
    expect(readPath('/etc/absolute', '/elsewhere')).toBe('/etc/absolute')
    expect(readPath(undefined, '/elsewhere')).toBeUndefined()
  })

  test('falls back to where the command runs, when only there it exists', () => {
    expect(readPath('package.json', folderOf({}))).toBe(join(process.cwd(), 'package.json'))
  })
})
