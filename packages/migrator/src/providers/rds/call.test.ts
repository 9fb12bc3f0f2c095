import { expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { pauseFor, persist } from './call.ts'

const throttled = () => Object.assign(new Error('Rate exceeded'), { name: 'Throttling' })
const refused = () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
const denied = () => Object.assign(new Error('no'), { name: 'AccessDenied' })

/** Fails so often with such errors, then answers with the number of tries. */
function failing(times: number, error: () => Error) {
  let tries = 0
  const attempt = () => {
    tries += 1
    return tries <= times ? Promise.reject(error()) : Promise.resolve(tries)
  }
  const signal = new AbortController().signal
  return { run: () => persist(attempt, { clock: systemClock, signal, pauseMs: 1 }), tries: () => tries }
}

test('throttling is waited out', async () => {
  expect(await failing(7, throttled).run()).toBe(8)
})

test('it does not try for ever', async () => {
  const endless = failing(1000, throttled)
  await expect(endless.run()).rejects.toThrow('Rate exceeded')
  expect(endless.tries()).toBe(8)
})

test('an API that is not there is given up sooner, and a refusal at once', async () => {
  const absent = failing(1000, refused)
  await expect(absent.run()).rejects.toThrow('connect')
  expect(absent.tries()).toBe(3)
  const refusal = failing(1000, denied)
  await expect(refusal.run()).rejects.toThrow('no')
  expect(refusal.tries()).toBe(1)
})

test('an abort ends the tries with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('stop')
  setTimeout(() => controller.abort(reason), 10)
  const attempt = () => Promise.reject(throttled())
  const call = persist(attempt, { clock: systemClock, signal: controller.signal, pauseMs: 60_000 })
  await expect(call).rejects.toBe(reason)
})

test('pauses double up to a limit and are never the same for all', () => {
  for (let tries = 1; tries < 20; tries += 1) {
    const whole = Math.min(200 * 2 ** (tries - 1), 5_000)
    const pause = pauseFor(tries, 200)
    expect(pause).toBeGreaterThanOrEqual(whole / 2)
    expect(pause).toBeLessThanOrEqual(whole)
  }
  expect(new Set(Array.from({ length: 50 }, () => pauseFor(3, 200))).size).toBeGreaterThan(1)
})
