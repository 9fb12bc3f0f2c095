import { expect, test } from 'vitest'
import { pageOf } from './page.ts'

const items = Array.from({ length: 45 }, (_, index) => `item-${String(index).padStart(2, '0')}`)
const page = (params: Readonly<Record<string, string>>, all = items, largest?: number) =>
  pageOf(new Map(Object.entries(params)), all, (item) => item, largest)

test('pages follow one another without gap or overlap, and the last has no marker', () => {
  const seen: string[] = []
  let marker: string | undefined
  do {
    const { items: some, marker: next } = page({ MaxRecords: '20', ...(marker ? { Marker: marker } : {}) })
    seen.push(...some)
    marker = next
  } while (marker)
  expect(seen).toEqual(items)
})

test('what is added before the marker between two pages is not doubled, what is removed skips nothing', () => {
  const { marker = '' } = page({ MaxRecords: '20' })
  const changed = ['item-00-new', ...items.filter((item) => item !== 'item-19')]
  expect(page({ Marker: marker }, changed).items).toEqual(items.slice(20))
})

test('a full last page has no marker', () => {
  expect(page({ MaxRecords: '20' }, items.slice(0, 20)).marker).toBeUndefined()
})

test('pages can be made smaller than any client may ask for', () => {
  expect(page({}, items, 3).items).toHaveLength(3)
  expect(page({ MaxRecords: '20' }, items, 3).items).toHaveLength(3)
})

test.each(['19', '101', '0'])('refuses MaxRecords %s', (wanted) => {
  expect(() => page({ MaxRecords: wanted })).toThrow('Must be between 20 and 100')
})

test('refuses a marker that is not its own', () => {
  expect(() => page({ Marker: 'nonsense' })).toThrow('Invalid Marker')
})
