import { expect, test } from 'vitest'
import { countText, sizeText } from './figures.ts'

test('writes a size with one decimal and never as a thousand of a smaller unit', () => {
  expect(sizeText(0)).toBe('0 bytes')
  expect(sizeText(999)).toBe('999 bytes')
  expect(sizeText(1000)).toBe('1.0 kB')
  expect(sizeText(999_999)).toBe('1.0 MB')
  expect(sizeText(3_440_000_000)).toBe('3.4 GB')
})

test('a count has its thousands apart', () => {
  expect(countText(1_234_567)).toBe('1,234,567')
})
