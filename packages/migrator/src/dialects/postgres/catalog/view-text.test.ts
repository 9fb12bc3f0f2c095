import { describe, expect, test } from 'vitest'
import { viewText } from './view-text.ts'

/** What 15 prints becomes what 18 prints; what 18 prints stays. */
const check = (before16: string, since16: string) => {
  expect(viewText(before16)).toBe(since16)
  expect(viewText(since16)).toBe(since16)
}
const same = (text: string) => check(text, text)

describe('viewText', () => {
  test('takes the prefix away where the query reads one relation', () => {
    check(
      ' SELECT users.id,\n   users.name AS title\n   FROM public.users\n  WHERE (users.id > 10);',
      ' SELECT id,\n   name AS title\n   FROM public.users\n  WHERE (id > 10);',
    )
    check(
      ' SELECT u."from"\n   FROM public.users u\n ORDER BY u.name DESC;',
      ' SELECT "from"\n   FROM public.users u\n ORDER BY name DESC;',
    )
    check(' SELECT "Odd Name"."a.b"\n   FROM public."Odd Name";', ' SELECT "a.b"\n   FROM public."Odd Name";')
    check(' SELECT таблица.ключ\n   FROM größe.таблица;', ' SELECT ключ\n   FROM größe.таблица;')
    check(
      ' SELECT g.g AS n\n   FROM generate_series(1, 10) g(g);',
      ' SELECT g AS n\n   FROM generate_series(1, 10) g(g);',
    )
  })

  test('leaves prefixes where there are several relations', () => {
    same(' SELECT a.id,\n   b.name\n   FROM public.a,\n   public.b;')
    same(' SELECT a.id\n   FROM (public.a\n     JOIN public.b ON ((a.id = b.id)));')
    same(' SELECT a.id\n   FROM public.a\nUNION\n SELECT b.id\n   FROM public.b;')
  })

  test('leaves sub-selects as they are, which every version prints alike', () => {
    check(
      ' SELECT u.id\n   FROM public.users u\n  WHERE (EXISTS ( SELECT 1\n   FROM public.users w\n  WHERE (w.team = u.id))) AND (u.id > 1);',
      ' SELECT id\n   FROM public.users u\n  WHERE (EXISTS ( SELECT 1\n   FROM public.users w\n  WHERE (w.team = u.id))) AND (id > 1);',
    )
  })

  test('leaves texts, whole rows, functions and types alone', () => {
    same(" SELECT 'users.id' AS text,\n   E'\\\\users.id' AS escaped\n   FROM public.users;")
    same(' SELECT users.*::public.users AS whole\n   FROM public.users;')
    same(' SELECT shop.price(id) AS price,\n   (kind)::shop.kind AS kind\n   FROM public.shop;')
    same(' SELECT 1 AS one;')
  })
})
