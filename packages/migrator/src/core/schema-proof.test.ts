import { describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import type { Step } from './plan.ts'
import { proofText, proveSchema } from './schema-proof.ts'

const certificate = (checksum: string): Certificate => ({
  ...{ id: '0002_b', checksum, verdict: 'lossless', reasons: [], lostByDown: [], lostByRoundTrip: [], locks: {} },
  ...{ before: 'before', after: 'after', postgres: 18 },
})
const file = {
  id: '0002_b',
  format: 'sql',
  checksum: 'x',
  path: '0002_b.up.sql',
  load: () => Promise.reject(new Error()),
} as const
const step = (direction: Step['direction']): Step => ({ id: '0002_b', direction, by: 'file', file })
const certificates = new Map([['0002_b', certificate('x')]])

describe('after a run', () => {
  const check = (direction: Step['direction'], fingerprint: string, expected: string) => {
    const proof = proveSchema([step(direction)], fingerprint, certificates)
    expect(proof && proofText(proof, direction)).toBe(expected)
  }

  test('up, the schema is that of the certificate', () =>
    check('up', 'after', 'The schema is identical to the certificate of 0002_b.'))
  test('up, reports another schema', () =>
    check('up', 'other', 'The schema DIFFERS from the certificate of 0002_b: db:drift lists the differences.'))
  test('down, the schema is that of before', () => check('down', 'before', 'The schema is identical to before 0002_b.'))
  test('down, reports another schema', () =>
    check('down', 'after', 'The schema DIFFERS from before 0002_b: db:drift lists the differences.'))
})

test('nothing is claimed without a certificate of the very file that ran', () => {
  expect(proveSchema([step('up')], 'after', new Map())).toBeUndefined()
  expect(proveSchema([step('up')], 'after', new Map([['0002_b', certificate('y')]]))).toBeUndefined()
  expect(proveSchema([step('up')], undefined, certificates)).toBeUndefined()
  expect(proveSchema([], 'after', certificates)).toBeUndefined()
})
