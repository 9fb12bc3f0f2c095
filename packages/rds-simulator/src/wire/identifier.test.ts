import { describe, expect, test } from 'vitest'
import { nameIn, newIdentifier } from './identifier.ts'

describe('a new identifier', () => {
  test.each(['a', 'pre-rollback-20261120-101500', 'Summit-PROD'])('may be %s, and is stored in lower case', (value) => {
    expect(newIdentifier('snapshot', 'DBSnapshotIdentifier', value)).toBe(value.toLowerCase())
  })

  test.each(['', '1a', '-a', 'a-', 'a--b', 'a_b', 'ä', 'a b', 'a.b', '0007_split'])(
    'is not allowed to be "%s"',
    (value) => {
      expect(() => newIdentifier('snapshot', 'DBSnapshotIdentifier', value)).toThrow(
        /^The parameter DBSnapshotIdentifier is not a valid identifier\. Identifiers must begin with a letter/,
      )
    },
  )

  test.each([
    ['instance', 63],
    ['cluster', 63],
    ['cluster-snapshot', 63],
    ['snapshot', 255],
  ] as const)('of a %s has at most %i characters', (kind, most) => {
    expect(newIdentifier(kind, 'X', 'a'.repeat(most))).toHaveLength(most)
    expect(() => newIdentifier(kind, 'X', 'a'.repeat(most + 1))).toThrow(`longer than ${most} characters`)
  })
})

test('a thing is named by its identifier or its ARN, in any case', () => {
  expect(nameIn('Summit-Prod')).toBe('summit-prod')
  expect(nameIn('arn:aws:rds:us-east-1:123456789012:db:summit-prod')).toBe('summit-prod')
  expect(nameIn('arn:aws-cn:rds:cn-north-1:123456789012:snapshot:rds:summit-2026')).toBe('rds:summit-2026')
})
