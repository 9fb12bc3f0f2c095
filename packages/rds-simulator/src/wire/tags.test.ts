import { expect, test } from 'vitest'
import { readTags } from './tags.ts'

const tag = (key: string, value: string) =>
  readTags(
    new Map([
      ['Tags.Tag.1.Key', key],
      ['Tags.Tag.1.Value', value],
    ]),
  )

test('letters of every script, digits, spaces and _ . : / = + - @ may stand in a tag', () => {
  expect([...tag('tool/run id', 'a_b.c:d/e=f+g-h@i Ä 1')]).toEqual([['tool/run id', 'a_b.c:d/e=f+g-h@i Ä 1']])
})

test('an empty value is a value', () => {
  expect(tag('a', '').get('a')).toBe('')
})

test.each([
  ['a,b', 'x'],
  ['a', 'x,y'],
  ['a', 'x#y'],
  ['aws:a', 'x'],
  ['', 'x'],
  ['k'.repeat(129), 'x'],
  ['a', 'v'.repeat(257)],
])('refuses %s = %s', (key, value) => {
  expect(() => tag(key, value)).toThrow('invalid')
})

test('refuses more than 50', () => {
  const many = Array.from({ length: 51 }, (_, index) => [`Tags.Tag.${index + 1}.Key`, `k${index}`] as const)
  expect(() => readTags(new Map(many))).toThrow('More than 50 tags')
})
