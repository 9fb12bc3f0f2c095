import { expect, test } from 'vitest'
import { plural } from './plural.ts'

test('counts one as one and everything else as many', () => {
  expect([0, 1, 2, 21].map((count) => plural(count, 'step', 'steps'))).toEqual([
    '0 steps',
    '1 step',
    '2 steps',
    '21 steps',
  ])
})
