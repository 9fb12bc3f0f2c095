import { expect, test } from 'vitest'
import { readFault } from './control-body.ts'

test.each([
  { kind: 'throttling', action: 'CreateDBSnapshot', times: 3 },
  { kind: 'status', id: 'summit-prod', status: 'modifying', forMs: 500 },
  { kind: 'snapshot-fails', atPercent: 0 },
  { kind: 'latency', ms: 20 },
])('accepts $kind', (body) => {
  expect(readFault(body)).toEqual(body)
})

test.each([
  [{}, '"kind" must be a text.'],
  [{ kind: 'earthquake' }, '"kind" must be one of: access-denied,'],
  [{ kind: 'constructor' }, '"kind" must be one of: access-denied,'],
  [{ kind: 'throttling', time: 3 }, '"time" is not known here; there is: kind, action, times.'],
  [{ kind: 'throttling', times: '3' }, '"times" must be a number'],
  [{ kind: 'throttling', times: -1 }, '"times" must be a number'],
  [{ kind: 'throttling', action: 3 }, '"action" must be a text.'],
  [{ kind: 'latency' }, '"ms" is missing.'],
  [{ kind: 'status', id: 'a' }, '"status" is missing.'],
])('refuses %j', (body, message) => {
  expect(() => readFault(body)).toThrow(message)
})
