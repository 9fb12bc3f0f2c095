import { expect, test } from 'vitest'
import { checksumOf } from './checksum.ts'
import { rewritingOf } from './rewriting.ts'

test.each([
  ['a\r\nb\r\n', 'a\nb\n', 'LF became CRLF'],
  ['a\nb\n', 'a\r\nb\r\n', 'CRLF became LF'],
  ['\uFEFFa\n', 'a\n', 'byte order mark added'],
  ['a\n', '\uFEFFa\n', 'byte order mark removed'],
  ['\uFEFFa\r\n', 'a\n', 'LF became CRLF'],
  ['a\nc\n', 'a\nb\n', undefined],
  ['a\nb\n', 'a\nb\n', undefined],
])('%j, recorded as %j', (text, recorded, expected) => {
  expect(rewritingOf(text, checksumOf(recorded))).toBe(expected)
})
