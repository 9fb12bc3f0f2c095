import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import type { RunEvent } from '../ports/events.ts'
import { jsonLinesSink } from './json-lines.ts'

const event: RunEvent = {
  kind: 'step-applied',
  level: 'info',
  message: 'Migration applied successfully',
  timestamp: '2026-01-01T00:00:00.000Z',
  runId: 'r1',
  version: '1_a',
  direction: 'up',
  checksum: 'abc',
  durationMs: 12.4,
}

/** The lines that these events leave in a log of their own. */
async function linesOf(events: readonly Partial<RunEvent>[]): Promise<readonly Record<string, unknown>[]> {
  const path = join(folderOf({}), 'logs', 'migrations.jsonl')
  const warnings: string[] = []
  const sink = jsonLinesSink(
    path,
    async () => ({ user: 'ada' }),
    (message) => warnings.push(message),
  )
  for (const change of events) sink.emit({ ...event, ...change })
  await sink.flush()
  expect(warnings).toEqual([])
  expect(statSync(path).mode & 0o077, 'nobody else may read it').toBe(0)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('an event is one object on one line', async () => {
  expect(await linesOf([{ message: 'two\nlines' }])).toEqual([
    {
      level: 'info',
      timestamp: '2026-01-01T00:00:00.000Z',
      message: 'two\nlines',
      version: '1_a',
      type: 'up',
      event: 'step-applied',
      checksum: 'abc',
      durationMs: 12,
      runId: 'r1',
      operator: { user: 'ada' },
    },
  ])
})

test('events keep their order and their level', async () => {
  const lines = await linesOf([{ level: 'debug' }, { level: 'warn' }, { level: 'error' }])
  expect(lines.map(({ level }) => level)).toEqual(['debug', 'warn', 'error'])
})

test('progress is no event of the log', async () => {
  expect(await linesOf([{ kind: 'step-progress' }, {}, { kind: 'step-progress' }])).toHaveLength(1)
})

test('no secret is written, however deeply nested', async () => {
  const [line] = await linesOf([
    { message: 'postgres://u:hunter2@h/d', reason: 'password=hunter2', details: { a: [{ token: 'hunter2' }] } },
  ])
  expect(JSON.stringify(line)).not.toContain('hunter2')
  expect(line).toMatchObject({ message: 'postgres://u:[REDACTED]@h/d', details: { a: [{ token: '[REDACTED]' }] } })
})

test('a log that cannot be written is one warning, never a failure', async () => {
  const path = join(folderOf({ file: '' }), 'file', 'migrations.jsonl')
  const warnings: string[] = []
  const sink = jsonLinesSink(
    path,
    async () => ({ user: 'ada' }),
    (message) => warnings.push(message),
  )
  sink.emit(event)
  sink.emit(event)
  await sink.flush()
  expect(warnings).toEqual([expect.stringContaining(`Failed to write to migration log file ${path}`)])
})
