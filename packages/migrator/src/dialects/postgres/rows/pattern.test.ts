import { describe, expect, test } from 'vitest'
import { fromSimilarTo, likeSample, sampleOf } from './pattern.ts'
import { randomOf } from './random.ts'

describe('sampleOf', () => {
  test.each([
    '^[A-Z]{2}-[0-9]{4}$',
    '^#(?:[0-9a-f]{3}){1,2}$',
    '^\\+?[1-9]\\d{6,14}$',
    '^[a-z0-9]+(-[a-z0-9]+)*$',
    '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
    '^(draft|sent|(very )?late)$',
    '^\\w{3,}\\s\\S+$',
    '^[[:alpha:]_][[:alnum:]_]*$',
    '^[]a-]{5}$',
    '^https?://[a-z.]+/?$',
    '^.{8}$',
    '^v\\d+\\.\\d+\\.\\d+(-rc\\.\\d+)?$',
  ])('makes texts that match %s', (pattern) => {
    const random = randomOf(pattern)
    // JavaScript knows neither POSIX classes nor a bracket that comes first.
    const read = new RegExp(
      pattern.replace('[]', '[\\]').replaceAll('[:alpha:]', 'a-zA-Z').replaceAll('[:alnum:]', 'a-zA-Z0-9'),
    )
    for (let round = 0; round < 20; round++) expect(sampleOf(pattern, random)).toMatch(read)
  })

  test('gives texts that differ', () => {
    const random = randomOf('x')
    expect(new Set(Array.from({ length: 20 }, () => sampleOf('^[a-z]{8}$', random))).size).toBe(20)
  })

  test('passes over what stands around', () => {
    const random = randomOf('ssn')
    const texts = Array.from({ length: 20 }, () => sampleOf('^(?!000)[0-8]\\d{2}-(?!00)\\d{2}(?=$)', random))
    for (const text of texts) expect(text).toMatch(/^[0-8]\d{2}-\d{2}$/)
  })

  test.each(['^(?#note)x', '(a)\\1', '(unclosed', '[unclosed'])('does not guess at %s', (pattern) => {
    expect(sampleOf(pattern, randomOf(pattern))).toBeUndefined()
  })

  test('reads a leading option as none', () => {
    expect(sampleOf('(?i)^abc$', randomOf('x'))).toBe('abc')
  })
})

test('likeSample fills the wildcards and keeps what is escaped', () => {
  expect(likeSample('http%')).toBe('httpany')
  expect(likeSample('_-_')).toBe('x-x')
  expect(likeSample('100\\%')).toBe('100%')
})

test('fromSimilarTo gives a regular expression over the whole text', () => {
  expect('abc').toMatch(new RegExp(fromSimilarTo('a(b|x)%')))
  expect('zabc').not.toMatch(new RegExp(fromSimilarTo('a(b|x)%')))
  expect('a.b').toMatch(new RegExp(fromSimilarTo('a._')))
})
