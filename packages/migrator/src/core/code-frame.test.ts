import { expect, test } from 'vitest'
import { codeFrame } from './code-frame.ts'

function check(text: string, line: number, column: number | undefined, expected: readonly string[] | undefined): void {
  expect(codeFrame(text, line, column)).toBe(expected?.join('\n'))
}

test('shows the line between its neighbours, and the column', () => {
  check('a\nbcd\ne', 2, 3, ['  1 | a', '> 2 | bcd', '    |   ^', '  3 | e'])
  check('abc', 1, 1, ['> 1 | abc', '    | ^'])
  check('\tx = é;\r\ny', 1, 6, ['> 1 |  x = é;', '    |      ^', '  2 | y'])
  check('a\n'.repeat(99), 99, 1, ['   98 | a', '>  99 | a', '      | ^', '  100 |'])
})

test('without a column it marks the line alone, and without the line it is nothing', () => {
  check('a\nb', 2, undefined, ['  1 | a', '> 2 | b'])
  check('a', 7, 1, undefined)
})

test('of a long line it shows the part around the column', () => {
  const [line, mark] = codeFrame(`${'x'.repeat(500)}!`, 1, 501)?.split('\n') ?? []
  expect(line).toBe(`> 1 | ${'x'.repeat(99)}!`)
  expect(mark?.length).toBe(line?.length)
})
