import { expect, test } from 'vitest'
import { element, list, type Xml } from './xml.ts'

const check = (value: Xml, expected: string) => expect(element('A', value)).toBe(expected)

test('a structure is its members in order, a list its items under the name of each', () => {
  check({ B: 'x', C: list('D', [1, { E: true }]) }, '<A><B>x</B><C><D>1</D><D><E>true</E></D></C></A>')
})

test('what has no value is left out, an empty list is not', () => {
  check({ B: undefined, C: list('D', []) }, '<A><C></C></A>')
  check(undefined, '')
})

test('a time is written in UTC with milliseconds', () => {
  check(new Date(Date.UTC(2026, 10, 20, 9, 5, 6, 7)), '<A>2026-11-20T09:05:06.007Z</A>')
})

test('signs of XML are escaped, and what XML cannot hold becomes a question mark', () => {
  check(`<a href="x">&'\r`, '<A>&lt;a href=&quot;x&quot;&gt;&amp;&apos;&#13;</A>')
  check('a\u0000b\u001Bc\tд😀', '<A>a?b?c\tд😀</A>')
})
