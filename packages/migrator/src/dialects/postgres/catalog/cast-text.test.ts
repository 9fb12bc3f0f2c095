import { expect, test } from 'vitest'
import { castText } from './cast-text.ts'

const each =
  "CHECK (((st)::text = ANY (ARRAY[('new'::character varying)::text, ('it''s, old'::character varying)::text])))"

test('a cast of the whole array reads as one of each element', () => {
  expect(
    castText("CHECK (((st)::text = ANY ((ARRAY['new'::character varying, 'it''s, old'::character varying])::text[])))"),
  ).toBe(each)
  expect(castText(each)).toBe(each)
})

test('other arrays stay', () => {
  for (const text of ["ARRAY['a'::text]", '(ARRAY[1, 2])::bigint[]', '(ARRAY[a])::text[]'])
    expect(castText(text)).toBe(text)
})

test('a literal that was cast there and back reads as it was', () => {
  expect(castText("COALESCE(c, ((''::character varying)::text)::character varying)")).toBe(
    "COALESCE(c, ''::character varying)",
  )
  const cut = "COALESCE(c, (('abc'::character varying)::text)::character varying(2))"
  expect(castText(cut)).toBe(cut)
})
