import { expect, test } from 'vitest'
import { sentence, withoutStop } from './sentence.ts'

test.each([
  ['it failed', 'it failed.'],
  ['It failed.', 'It failed.'],
  ['It failed..', 'It failed.'],
  ['It failed. \n.', 'It failed.'],
  ['wait...', 'wait.'],
  ['No!', 'No!'],
  ['Really?', 'Really?'],
  ['first\nsecond', 'first\nsecond.'],
  ['Fehler:', 'Fehler.'],
  ['It failed: .', 'It failed.'],
  ['Waiting…', 'Waiting…'],
  ['失敗しました。', '失敗しました.'],
  ['本当？', '本当？'],
  ['He said "No."', 'He said "No."'],
  ['It failed. (See the log.)', 'It failed. (See the log.)'],
  ['It failed (see the log)', 'It failed (see the log).'],
  ['', ''],
])('%j becomes the sentence %j', (text, expected) => {
  expect(sentence(text)).toBe(expected)
  expect(sentence(sentence(text))).toBe(expected)
})

test('a sentence can be continued without its full stop', () => {
  expect(withoutStop('It failed. ')).toBe('It failed')
})
