import { expect, test } from 'vitest'
import { entryOf, fileOf } from '../../test/support/records.ts'
import { type Plan, planUp } from '../core/plan.ts'
import { reconcile } from '../core/reconcile.ts'
import type { ErrorReport } from '../ports/events.ts'
import { type RunFacts, runDocument } from './run-json.ts'

const statuses = reconcile([fileOf('1_a'), fileOf('2_b'), fileOf('3_c')], [])
const plan: Plan = planUp(statuses, { kind: 'latest' }, { allowOutOfOrder: false })
const [first, second, third] = plan.steps

const facts: RunFacts = {
  runId: 'r1',
  direction: 'up',
  plan,
  results: [],
  recovered: [],
  durationMs: 10.6,
  dryRun: false,
  backups: [],
}

const reportError = (error: unknown): ErrorReport => ({ code: 'MIGRATION_FAILED', message: String(error), exitCode: 1 })

function check(changes: Partial<RunFacts>, expected: object): void {
  const document = runDocument({ ...facts, ...changes }, 'shop', reportError)
  expect(JSON.parse(JSON.stringify(document))).toMatchObject(expected)
}

test('a run tells each step with its status and whole milliseconds', () => {
  if (!first || !second || !third) throw new Error('three steps were planned')
  check(
    {
      results: [
        { step: first, status: 'applied', durationMs: 1.4 },
        { step: second, status: 'failed', durationMs: 2.5, error: 'boom' },
        { step: third, status: 'not-run', durationMs: 0 },
      ],
      recovered: ['0_z'],
    },
    {
      runId: 'r1',
      database: 'shop',
      direction: 'up',
      dryRun: false,
      durationMs: 11,
      recovered: ['0_z'],
      steps: [
        { id: '1_a', direction: 'up', by: 'file', status: 'applied', durationMs: 1 },
        { id: '2_b', status: 'failed', durationMs: 3, error: { code: 'MIGRATION_FAILED', message: 'boom' } },
        { id: '3_c', status: 'not-run', durationMs: 0 },
      ],
    },
  )
})

test('a step without an error has no error', () => {
  if (!first) throw new Error('a step was planned')
  const document = runDocument(
    { ...facts, results: [{ step: first, status: 'applied', durationMs: 1 }] },
    'shop',
    reportError,
  )
  expect(JSON.stringify(document)).not.toContain('error')
})

test('a step carries neither its file nor its entry: the document is small and holds no source', () => {
  if (!first) throw new Error('a step was planned')
  check({ results: [{ step: first, status: 'applied', durationMs: 1 }] }, {})
  const document = runDocument(
    { ...facts, results: [{ step: first, status: 'applied', durationMs: 1 }] },
    'shop',
    reportError,
  )
  expect(Object.keys((document as { steps: object[] }).steps[0] ?? {})).toEqual([
    'id',
    'direction',
    'by',
    'status',
    'durationMs',
  ])
})

test('a dry run tells the steps that would run, their SQL where it is known, and the drift', () => {
  const drift = reconcile([fileOf('0_z', { checksum: 'new' })], [entryOf('0_z', 1)])
  check(
    { dryRun: true, sql: { '1_a': 'SELECT 1' }, drift },
    {
      dryRun: true,
      steps: [
        { id: '1_a', status: 'not-run', sql: 'SELECT 1' },
        { id: '2_b', status: 'not-run', sql: null },
        { id: '3_c', status: 'not-run', sql: null },
      ],
      problems: [],
      drift: [{ id: '0_z', state: 'changed', fileChecksum: 'new' }],
    },
  )
})

test('a rollback tells what it loses, and what it preserved; a run up what it put back', () => {
  const loss = [{ migration: '1_a', how: 'dropped', table: 'public.t', rows: 2, estimated: false }] as const
  const preserved = [{ table: 'public.t', rows: 2, copy: 'kept.t_1' }]
  const putBack = [{ ...preserved[0], putBack: 2, gone: 0, left: 0 }]
  check(
    { direction: 'down', loss, keptData: [{ migration: '1_a', preserved, putBack: [] }] },
    { loss: [loss[0]], preserved: [{ migration: '1_a', ...preserved[0] }] },
  )
  check(
    { keptData: [{ migration: '1_a', preserved: [], putBack }] },
    { putBack: [{ migration: '1_a', ...putBack[0] }] },
  )
  const plain = runDocument(facts, 'shop', reportError)
  expect(Object.keys(plain)).not.toEqual(expect.arrayContaining(['loss']))
})
