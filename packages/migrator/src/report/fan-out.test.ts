import { describe, expect, test } from 'vitest'
import type { EventSink, RunEvent } from '../ports/events.ts'
import { fanOut, lazyLog, patiently } from './fan-out.ts'

const event: RunEvent = { kind: 'notice', level: 'info', message: 'm', timestamp: 't', runId: 'r' }
const quiet = async () => {}
const pending = () => new Promise<never>(() => {})
const failing = () => {
  throw new Error('no space left')
}

type Warn = (message: string) => void

describe('a sink disturbs neither the caller nor the other sinks, and is one warning, when its', () => {
  test.each<[string, (warn: Warn) => EventSink]>([
    ['emit throws', () => ({ emit: failing, flush: quiet })],
    ['emit rejects', () => ({ emit: async () => failing(), flush: quiet })],
    ['flush throws', () => ({ emit: () => {}, flush: failing })],
    ['flush rejects', () => ({ emit: () => {}, flush: async () => failing() })],
    ['log cannot be opened', (warn) => lazyLog(async () => failing(), warn)],
  ])('%s', async (_, make) => {
    const warnings: string[] = []
    const received: RunEvent[] = []
    const warn = (message: string) => void warnings.push(message)
    const events = fanOut([make(warn), { emit: (each) => received.push(each), flush: quiet }], warn)
    events.emit(event)
    events.emit(event)
    await events.flush()
    await events.flush()
    expect(received).toEqual([event, event])
    expect(warnings).toEqual([expect.stringContaining('no space left')])
  })
})

test('a promise that emit returns is not waited for', async () => {
  const events = fanOut([{ emit: pending, flush: quiet }], failing)
  events.emit(event)
  await events.flush()
})

test('work that never ends is given up after a while', async () => {
  const failures: unknown[] = []
  await patiently(pending, (error) => failures.push(error), 20)
  expect(failures).toEqual([new Error('it did not finish within 0.02 s')])
})
