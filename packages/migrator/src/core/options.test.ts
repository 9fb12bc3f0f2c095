import { describe, expect, test } from 'vitest'
import {
  callback,
  checkOptions,
  flag,
  having,
  milliseconds,
  oneOf,
  positive,
  someMilliseconds,
  text,
  withDefaults,
} from './options.ts'

const kinds = {
  waitMs: milliseconds,
  pauseMs: someMilliseconds,
  steps: positive,
  dryRun: flag,
  name: text,
  mode: oneOf('a', 'b'),
  call: callback,
  sink: having('emit', 'flush'),
}

describe('options are refused, each by its name, when', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ waitMs: Number.NaN }, 'apply(): waitMs must be a whole number of milliseconds (got NaN).'],
    [{ waitMs: -1 }, 'apply(): waitMs must be a whole number of milliseconds (got -1).'],
    [{ waitMs: '5' }, 'apply(): waitMs must be a whole number of milliseconds (got "5").'],
    [{ waitMs: Number.POSITIVE_INFINITY }, 'apply(): waitMs must be a whole number of milliseconds (got Infinity).'],
    [{ waitMs: 0.4 }, 'apply(): waitMs must be a whole number of milliseconds (got 0.4).'],
    [{ waitMs: 2 ** 31 }, 'apply(): waitMs must be a whole number of milliseconds (got 2147483648).'],
    [{ waitMs: null }, 'apply(): waitMs must be a whole number of milliseconds (got null).'],
    [{ pauseMs: 0 }, 'apply(): pauseMs must be a whole number of milliseconds, at least 1 (got 0).'],
    [{ steps: 0 }, 'apply(): steps must be a whole number, at least 1 (got 0).'],
    [{ steps: 10n }, 'apply(): steps must be a whole number, at least 1 (got 10).'],
    [{ dryRun: 'yes' }, 'apply(): dryRun must be true or false (got "yes").'],
    [{ name: '' }, 'apply(): name must be a non-empty string (got "").'],
    [{ mode: 'c' }, 'apply(): mode must be "a" or "b" (got "c").'],
    [{ call: {} }, 'apply(): call must be a function (got an object).'],
    [{ sink: { emit() {} } }, 'apply(): sink must be an object with emit() and flush() (got an object).'],
    [{ dryrun: true }, 'apply(): unknown option dryrun. Did you mean dryRun?'],
    [{ toString: true }, 'apply(): unknown option toString.'],
  ])('%o', (given, message) => {
    const option = Object.keys(given)[0]
    const expected = expect.objectContaining({ code: 'USAGE_INVALID', message, details: { option } })
    expect(() => checkOptions('apply()', given, kinds)).toThrow(expected)
  })

  test.each([null, 'x', 7])('they are no object: %j', (given) => {
    expect(() => checkOptions('apply()', given, kinds)).toThrow('apply(): options must be an object')
  })
})

test('options that are undefined count as not given', () => {
  checkOptions('apply()', { waitMs: undefined, dryRun: undefined }, kinds)
  expect(withDefaults({ waitMs: 5, name: 'a' }, { waitMs: undefined, name: 'b' })).toEqual({ waitMs: 5, name: 'b' })
  expect(withDefaults({ waitMs: 5 }, { waitMs: 0 })).toEqual({ waitMs: 0 })
})
