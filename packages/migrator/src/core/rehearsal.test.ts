import { describe, expect, test } from 'vitest'
import type { DataSnapshot } from './data/data-snapshot.ts'
import { judgeRehearsal, type RehearsalFacts } from './rehearsal.ts'

const rows = (...keys: readonly string[]): DataSnapshot => ({
  tables: new Map([
    [
      'public.t',
      {
        columns: [{ name: 'a', type: 'text', values: keys.length, digest: undefined }],
        ...{ key: ['a'], rows: keys.length, oneOf: 1, hidesRows: false },
        sample: keys.map((key) => ({ key, cells: [`1:${key}`] })),
      },
    ],
  ]),
})

const before = { 'table public.t': {} }
const up = { ...before, 'index public.i': { definition: 'x' } }

const facts = (more: Partial<RehearsalFacts> = {}): RehearsalFacts => ({
  id: '0002_b',
  catalogs: { before, up, after: before, again: up },
  data: { before: rows('a', 'b'), written: rows('a', 'b', 'c'), after: rows('a', 'b', 'c') },
  ...{ withoutRows: [], transactional: true, statements: [] },
  ...more,
})

describe('the verdict', () => {
  const check = (more: Partial<RehearsalFacts>, verdict: string, reason?: RegExp) => {
    const judged = judgeRehearsal(facts(more))
    expect(judged.verdict).toBe(verdict)
    if (reason) expect(judged.reasons.join('\n')).toMatch(reason)
    else expect(judged.reasons).toEqual([])
  }

  test('is lossless where schema and rows come back', () => check({}, 'lossless'))
  test('is lossy where a row of before is gone', () =>
    check(
      { data: { before: rows('a', 'b'), written: rows('a', 'b'), after: rows('a') } },
      'lossy',
      /t: 1 of 2 rows lost/,
    ))
  test('is lossy where a row written since the up is gone', () =>
    check(
      { data: { before: rows('a'), written: rows('a', 'b'), after: rows('a') } },
      'lossy',
      /The down loses data written after the up:\n {2}t: 1 of 2 rows lost/,
    ))
  test('is broken where an object is left', () =>
    check({ catalogs: { before, up, after: up, again: up } }, 'broken', /\+ index public\.i/))
  test('is broken where the second up leads elsewhere', () =>
    check(
      { catalogs: { before, up, after: before, again: before } },
      'broken',
      /second up produces a different schema/,
    ))
  test('is broken where a step fails, whatever else there is', () => {
    for (const at of ['up', 'down', 'second up'] as const)
      check({ failure: { at, message: 'no', code: 'MIGRATION_FAILED' } }, 'broken', new RegExp(`The ${at} fails: no`))
  })
  test('is irreversible without a down', () =>
    check({ irreversible: 'why', catalogs: { before, up }, data: { before: rows('a') } }, 'irreversible', /why/))
  test('is broken, not irreversible, where even the up fails', () =>
    check({ irreversible: 'why', failure: { at: 'up', message: 'no', code: 'MIGRATION_FAILED' } }, 'broken', /The up/))

  const odd = { withoutRows: [{ table: 'public.odd', why: 'none fits' }] }
  const touching = (mode: 'ACCESS SHARE' | 'ACCESS EXCLUSIVE') => ({
    ...odd,
    statements: [
      {
        ...{ direction: 'up' as const, sql: '', parameters: [], rewrites: [], scans: [], durationMs: 1 },
        locks: [{ relation: 'odd', mode }],
      } as const,
    ],
  })
  test('is unproven where a table that it touches has no row', () =>
    check(touching('ACCESS EXCLUSIVE'), 'unproven', /No row could be generated for odd: none fits/))
  test('does not mind an empty table that it only reads', () => check(touching('ACCESS SHARE'), 'lossless'))
  test('minds every empty table where locks do not tell', () =>
    check({ ...odd, transactional: false }, 'unproven', /odd/))
  test('is unproven where rows cannot be read', () =>
    check(
      {
        failure: { at: 'rows', message: 'overflow', code: 'MIGRATION_FAILED' },
        catalogs: { before, up, after: before },
      },
      'unproven',
      /cannot be read: overflow/,
    ))
  test('stays what it is where the up asks something of the data', () =>
    check({ conditions: ['t.a is never NULL'] }, 'lossless', /never NULL/))
})
