import { expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import type { BackupProgress } from '../../ports/backup.ts'
import { type Seen, waitFor } from './wait.ts'

const goingOn = (percent: number): Seen<string> => ({ kind: 'going-on', status: 'creating', percent })
const ready: Seen<string> = { kind: 'ready', value: 'done' }

interface Scene {
  readonly pollIntervalMs?: number
  readonly timeoutMs?: number
  readonly absenceMs?: number
  readonly signal?: AbortSignal
}

/** Each look sees the next of these, the last one again and again; an Error is thrown. */
async function wait(sights: readonly (Seen<string> | Error)[], scene: Scene = {}) {
  const progress: BackupProgress[] = []
  let looks = 0
  const waited = await waitFor({
    subject: 'snapshot x',
    clock: systemClock,
    signal: new AbortController().signal,
    pollIntervalMs: 10,
    timeoutMs: 2_000,
    progress: (event) => progress.push(event),
    look: () => {
      const seen = sights[Math.min(looks, sights.length - 1)]
      looks += 1
      return seen instanceof Error ? Promise.reject(seen) : Promise.resolve(seen as Seen<string>)
    },
    ...scene,
  })
  return { waited, progress, looks }
}

const cut = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
const denied = Object.assign(new Error('no'), { name: 'AccessDenied' })

test('looks until it is ready, and tells percent and elapsed time on the way', async () => {
  const { waited, progress } = await wait([goingOn(10), goingOn(60), ready])
  expect(waited).toMatchObject({ kind: 'ready', value: 'done' })
  expect(progress.map(({ percent }) => percent)).toEqual([10, 60])
  expect(progress[0]?.message).toBe('snapshot x: creating')
})

test('what is ready at once is not waited for', async () => {
  const { waited, looks } = await wait([ready], { pollIntervalMs: 60_000 })
  expect([waited.kind, looks]).toEqual(['ready', 1])
})

test('progress that says nothing new is not repeated', async () => {
  const { progress } = await wait([goingOn(5), goingOn(5), goingOn(5), ready])
  expect(progress).toHaveLength(1)
})

test('a look that fails for a moment is repeated; one that is refused ends the waiting', async () => {
  const { waited, progress } = await wait([cut, goingOn(5), cut, ready])
  expect(waited.kind).toBe('ready')
  expect(progress[0]?.message).toContain('retrying')
  await expect(wait([goingOn(5), denied])).rejects.toBe(denied)
})

test('what was just made may be invisible for a moment; what was seen and is gone is gone', async () => {
  expect((await wait([{ kind: 'absent' }, { kind: 'absent' }, ready])).waited.kind).toBe('ready')
  expect((await wait([goingOn(5), { kind: 'absent' }, ready])).waited.kind).toBe('gone')
  expect((await wait([{ kind: 'absent' }], { absenceMs: 30 })).waited.kind).toBe('gone')
})

test('gives up when the time is over, not before and hardly later', async () => {
  const startedMs = performance.now()
  const { waited } = await wait([goingOn(5)], { pollIntervalMs: 60_000, timeoutMs: 120 })
  const tookMs = performance.now() - startedMs
  expect(waited).toMatchObject({ kind: 'too-late', status: 'creating' })
  expect(tookMs).toBeGreaterThanOrEqual(119)
  expect(tookMs).toBeLessThan(600)
})

test("an abort ends a pause at once, with the signal's own reason", async () => {
  const controller = new AbortController()
  const reason = new Error('the lock was lost')
  setTimeout(() => controller.abort(reason), 20)
  const waiting = wait([goingOn(5)], { pollIntervalMs: 60_000, timeoutMs: 600_000, signal: controller.signal })
  await expect(waiting).rejects.toBe(reason)
})
