import { expect, test } from 'vitest'
import { readEndpoint } from './endpoint.ts'
import { chooseRegion } from './region.ts'

const ofHost = readEndpoint('db.abc.eu-west-1.rds.amazonaws.com')
const elsewhere = readEndpoint('db.example.com')
const nowhere = { environment: undefined, any: undefined }

function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

test('the host tells the region', () => {
  expect(chooseRegion(ofHost, undefined, nowhere)).toBe('eu-west-1')
  expect(chooseRegion(ofHost, 'eu-west-1', nowhere)).toBe('eu-west-1')
})

test('what was asked for, or the environment, must not contradict the host', () => {
  expect(refusal(() => chooseRegion(ofHost, 'us-east-1', nowhere))).toMatchObject({
    code: 'AWS_REGION_MISMATCH',
    message: expect.stringMatching(/eu-west-1.*us-east-1/),
  })
  const environment = { environment: 'us-east-1', any: 'us-east-1' }
  expect(refusal(() => chooseRegion(ofHost, undefined, environment))).toMatchObject({
    code: 'AWS_REGION_MISMATCH',
    message: expect.stringContaining('AWS_REGION'),
  })
})

test("a profile's default region contradicts nothing, and counts where nothing else does", () => {
  const profile = { environment: undefined, any: 'us-east-1' }
  expect(chooseRegion(ofHost, undefined, profile)).toBe('eu-west-1')
  expect(chooseRegion(elsewhere, undefined, profile)).toBe('us-east-1')
  expect(chooseRegion(elsewhere, 'eu-north-1', profile)).toBe('eu-north-1')
})

test('without any region it says how to give one', () => {
  expect(refusal(() => chooseRegion(elsewhere, undefined, nowhere))).toMatchObject({
    code: 'AWS_SOURCE_UNKNOWN',
    hint: expect.stringContaining('AWS_REGION'),
  })
})
