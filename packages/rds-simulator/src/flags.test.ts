import { expect, test } from 'vitest'
import { readFlags } from './flags.ts'

test('without flags there is one instance in us-east-1, on any port', () => {
  expect(readFlags({})).toEqual({
    port: 0,
    region: 'us-east-1',
    instance: 'summit-prod',
    cluster: undefined,
    snapshotMs: 3000,
  })
})

test('every flag is read', () => {
  const texts = {
    port: '4000',
    region: 'ap-southeast-2',
    instance: 'Other',
    cluster: 'aurora',
    'snapshot-seconds': '0.5',
  }
  expect(readFlags(texts)).toEqual({
    port: 4000,
    region: 'ap-southeast-2',
    instance: 'other',
    cluster: 'aurora',
    snapshotMs: 500,
  })
})

test.each([
  [{ port: '70000' }, '--port 70000'],
  [{ port: 'x' }, '--port x'],
  [{ region: 'moon' }, '--region moon'],
  [{ instance: 'a_b' }, 'The parameter --instance is not a valid identifier'],
  [{ cluster: 'a--b' }, 'The parameter --cluster is not a valid identifier'],
  [{ 'snapshot-seconds': '-1' }, '--snapshot-seconds -1'],
])('refuses %j', (texts, message) => {
  expect(() => readFlags(texts)).toThrow(message)
})
