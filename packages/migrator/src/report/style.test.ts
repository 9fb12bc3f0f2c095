import { describe, expect, test } from 'vitest'
import { type Cell, duration, styleFor, table } from './style.ts'

const plain = (width?: number) => ({ ...styleFor({}, 'plain'), width })
const cells = (...texts: readonly string[]): readonly Cell[] => texts.map((text) => ({ text }))

describe('duration', () => {
  const check = (ms: number | undefined, expected: string) => expect(duration(ms)).toBe(expected)

  test('is written in the largest unit that fits', () => {
    check(undefined, '')
    check(0, '0 ms')
    check(0.4, '0 ms')
    check(999.4, '999 ms')
    check(1000, '1.0 s')
    check(59_900, '59.9 s')
    check(60_000, '1 min 0 s')
    check(3_725_000, '62 min 5 s')
  })

  test('never shows sixty of a smaller unit', () => {
    check(999.7, '1.0 s')
    check(59_990, '1 min 0 s')
    check(119_700, '2 min 0 s')
  })
})

describe('table', () => {
  const header = ['id', 'state', 'took']
  const rows = [cells('1_a', 'applied', '12 ms'), cells('10_long_name', 'pending', '')]
  const check = (width: number | undefined, expected: readonly string[]) =>
    expect(table(header, rows, plain(width)).split('\n')).toEqual(expected)

  const whole = ['id            state    took', '1_a           applied  12 ms', '10_long_name  pending']

  test('aligns its columns and leaves no space at the end', () => {
    check(undefined, whole)
  })

  test('stays whole where it just fits', () => {
    check(28, whole)
    check(200, whole)
  })

  test('leaves out columns from the right where it does not', () => {
    check(27, ['id            state', '1_a           applied', '10_long_name  pending'])
  })

  test('never leaves out the first two', () => {
    check(10, ['id            state', '1_a           applied', '10_long_name  pending'])
    check(1, ['id            state', '1_a           applied', '10_long_name  pending'])
  })

  test('counts a wide character as two columns and a combining mark as none', () => {
    const wide = [cells('漢字', 'a'), cells('😀', 'b'), cells('e\u0301\u0323', 'c'), cells('abcd', 'd')]
    expect(table(['x', 'y'], wide, plain()).split('\n')).toEqual([
      'x     y',
      '漢字  a',
      '😀    b',
      'e\u0301\u0323     c',
      'abcd  d',
    ])
  })

  test('fits a terminal by columns, not by characters', () => {
    const wide = [cells('漢字', '漢字', '漢字')]
    expect(table(['a', 'b', 'c'], wide, plain(16))).toContain('漢字  漢字  漢字')
    expect(table(['a', 'b', 'c'], wide, plain(15))).not.toContain('c')
  })

  test('is its header alone without rows', () => {
    expect(table(header, [], plain())).toBe('id  state  took')
  })

  test('is aligned by what is seen, not by its colours', () => {
    const style = { ...styleFor({}, 'colours'), width: undefined }
    const painted = [[{ text: 'a', paint: style.colours.red }, { text: 'b' }], cells('aaa', 'b')]
    const text = table(['x', 'y'], painted, style)
    expect(text).toContain('\u001b[31ma\u001b[39m    b')
    expect(text).toContain('aaa  b')
  })
})

test('colours come with a terminal, unless they are asked for or forbidden', () => {
  const red = (isTTY: boolean, wanted: Parameters<typeof styleFor>[1]) => styleFor({ isTTY }, wanted).colours.red('a')
  expect(red(true, 'by-stream')).toBe('\u001b[31ma\u001b[39m')
  expect(red(false, 'by-stream')).toBe('a')
  expect(red(true, 'plain')).toBe('a')
  expect(red(false, 'colours')).toBe('\u001b[31ma\u001b[39m')
})

test('only a terminal has a width', () => {
  expect(styleFor({ isTTY: true, columns: 80 }, 'plain').width).toBe(80)
  expect(styleFor({ isTTY: false, columns: 80 }, 'plain').width).toBeUndefined()
})
