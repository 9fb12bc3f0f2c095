import { expect, test } from 'vitest'
import { withinLoadLimit } from './load-limit.ts'

test('what loads in time is passed on, and so is its failure', async () => {
  expect(await withinLoadLimit(Promise.resolve('loaded'))).toBe('loaded')
  await expect(withinLoadLimit(Promise.reject(new Error('absent')))).rejects.toThrow('absent')
})

test('what never finishes is given up', async () => {
  await expect(withinLoadLimit(new Promise(() => {}), 20)).rejects.toThrow('still loading after 0.02 s')
})
