import { expect, test } from 'vitest'
import { standingKeys } from './schema-key.ts'

const one = { id: '0001_a', checksum: 'x' }
const two = { id: '0002_b', checksum: 'y' }

test('every point of a history has a key, the same for the same steps before it', () => {
  const keys = standingKeys([one, two], 18)
  expect(new Set(keys).size).toBe(2)
  expect(standingKeys([one], 18)).toEqual(keys.slice(0, 1))
})

test('another order, an edit, an edited import and another PostgreSQL have other keys', () => {
  const [, key] = standingKeys([one, two], 18)
  const others = [
    standingKeys([two, one], 18),
    standingKeys([one, { ...two, checksum: 'z' }], 18),
    standingKeys([one, { ...two, importsChecksum: 'i' }], 18),
    standingKeys([one, two], 17),
  ]
  for (const [, other] of others) expect(other).not.toBe(key)
})

test('the keys of a long history are as short as those of a short one', () => {
  const long = standingKeys(
    Array.from({ length: 4_000 }, (_, at) => ({ id: `${at}_a`, checksum: 'x' })),
    18,
  )
  expect(long).toHaveLength(4_000)
  expect(new Set(long.map(({ length }) => length))).toEqual(new Set([64]))
})
