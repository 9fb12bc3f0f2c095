import { expect, test } from 'vitest'
import { arrayText } from './array-text.ts'

const each =
  "CHECK (((st)::text = ANY (ARRAY[('new'::character varying)::text, ('it''s, old'::character varying)::text])))"

test('a cast of the whole array reads as one of each element', () => {
  expect(
    arrayText(
      "CHECK (((st)::text = ANY ((ARRAY['new'::character varying, 'it''s, old'::character varying])::text[])))",
    ),
  ).toBe(each)
  expect(arrayText(each)).toBe(each)
})

test('other arrays stay', () => {
  for (const text of ["ARRAY['a'::text]", '(ARRAY[1, 2])::bigint[]', '(ARRAY[a])::text[]'])
    expect(arrayText(text)).toBe(text)
})
