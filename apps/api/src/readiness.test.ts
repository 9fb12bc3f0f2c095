import type { SchemaStatus } from '@repo/database'
import { expect, test } from 'vitest'
import { createReadiness } from './readiness.ts'

const nothing = { pending: [], running: [], dirty: [], changed: [], missing: [], ahead: [] }
const current: SchemaStatus = { ready: true, ...nothing }

/** A check that counts its calls and answers with each of `answers` in turn. */
function counting(...answers: readonly (() => Promise<SchemaStatus>)[]) {
  const calls = { count: 0 }
  const check = () => answers[Math.min(calls.count++, answers.length - 1)]?.() ?? Promise.resolve(current)
  return { calls, check }
}

test('shares one check among all who ask at once, and its answer for a second', async () => {
  let time = 0
  const { calls, check } = counting(async () => current)
  const readiness = createReadiness(check, { now: () => time })
  const answers = await Promise.all(Array.from({ length: 50 }, () => readiness()))
  expect(answers).toEqual(Array.from({ length: 50 }, () => ({ ready: true, ...nothing })))
  time = 999
  await readiness()
  expect(calls.count).toBe(1)
  time = 1000
  await readiness()
  expect(calls.count).toBe(2)
})

test('is not ready while the check fails, and ready once it succeeds', async () => {
  let time = 0
  const { check } = counting(
    () => Promise.reject(new Error('The database does not answer.')),
    async () => current,
  )
  const readiness = createReadiness(check, { now: () => time })
  expect(await readiness()).toEqual({ ready: false, reason: 'The database does not answer.' })
  time = 1000
  expect(await readiness()).toMatchObject({ ready: true })
})

test('gives up a check that takes too long', async () => {
  const readiness = createReadiness(() => new Promise(() => undefined), { timeoutMs: 10 })
  expect(await readiness()).toEqual({ ready: false, reason: 'The database did not answer within 10 ms.' })
})

test('survives a check that throws at once', async () => {
  const readiness = createReadiness(() => {
    throw new Error('wrong')
  })
  expect(await readiness()).toEqual({ ready: false, reason: 'wrong' })
})

test('gives the reason, or makes one up from what was found', async () => {
  const dirty = { ...current, ready: false, dirty: ['0012_user_traits'] }
  expect(await createReadiness(async () => dirty)()).toMatchObject({ reason: 'dirty: 0012_user_traits' })
  expect(await createReadiness(async () => ({ ...dirty, reason: 'because' }))()).toMatchObject({ reason: 'because' })
})

test('prints one line without credentials', async () => {
  const message = 'cannot reach postgresql://app:s3cret@db:5432/x?password=s3cret\n    at connect (file.ts:1:1)'
  const answer = await createReadiness(() => Promise.reject(new Error(message)))()
  expect(answer).toMatchObject({ reason: 'cannot reach postgresql://[REDACTED]@db:5432/x?password=[REDACTED]' })
})
