import { expect, test } from 'vitest'
import { parseArray, writeArray } from './array-types.ts'

test.each<readonly [string, unknown[]]>([
  ['{}', []],
  ['{a,b}', ['a', 'b']],
  ['{NULL,"NULL",null}', [null, 'NULL', 'null']],
  ['{"",a}', ['', 'a']],
  ['{"a\\"b","c\\\\d","e,f","{g}"}', ['a"b', 'c\\d', 'e,f', '{g}']],
  [
    '{{a,b},{c,NULL}}',
    [
      ['a', 'b'],
      ['c', null],
    ],
  ],
  ['{{},{}}', [[], []]],
  ['[0:1]={a,b}', ['a', 'b']],
])('%s is read', (text, expected) => {
  expect(parseArray(text, ',')).toEqual(expected)
})

test('an element is read as its type, and NULL as none', () => {
  expect(parseArray('{1,NULL,3}', ',', Number)).toEqual([1, null, 3])
  expect(parseArray('{(1,1),(0,0);(2,2),(0,0)}', ';')).toEqual(['(1,1),(0,0)', '(2,2),(0,0)'])
})

test('what is written is read again', () => {
  for (const values of [[], ['a"b\\', null, 'NULL', '', 'c,d', '{e}'], [['a'], [null]]])
    expect(parseArray(writeArray(values, ','), ',')).toEqual(values)
  expect(writeArray([1, undefined], ',')).toBe('{"1",NULL}')
})
