import { expect, test } from 'vitest'
import { fileNotes } from './file-note.ts'

test.each([
  ['SELECT 1;\n', []],
  ['SELECT 1;\r', []],
  ['SELECT 1;\r\n', ['crlf']],
  ['\uFEFFSELECT 1;\n', ['byte-order-mark']],
  ['\uFEFFSELECT 1;\r\nSELECT 2', ['byte-order-mark', 'crlf']],
  ['SELECT 1; \uFEFF', []],
])('%j is noted as %j', (content, kinds) => {
  expect(fileNotes([{ path: 'a.sql', content }]).map(({ kind }) => kind)).toEqual(kinds)
})

test('a helper that two migrations import is noted once, by its path', () => {
  const helper = { path: 'lib/a.ts', content: '\r\n' }
  expect(fileNotes([helper, { path: 'b.ts', content: '' }, helper])).toMatchObject([{ kind: 'crlf', path: 'lib/a.ts' }])
})
