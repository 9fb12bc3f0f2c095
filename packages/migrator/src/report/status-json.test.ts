import { expect, test } from 'vitest'
import { entryOf, fileOf, noStates } from '../../test/support/records.ts'
import { reconcile } from '../core/reconcile.ts'
import { statusDocument, statusJson } from './status-json.ts'

/** One migration's JSON as a program reads it. */
function check(
  [file, entry]: readonly [Parameters<typeof fileOf>[1]?, Parameters<typeof entryOf>[2]?],
  expected: object,
): void {
  const [status] = reconcile(file ? [fileOf('1_a', file)] : [], entry ? [entryOf('1_a', 1, entry)] : [])
  if (!status) throw new Error('there is no migration')
  const json = statusJson(status)
  expect(JSON.parse(JSON.stringify(json))).toEqual(json)
  expect(json).toMatchObject(expected)
}

test('a pending migration has its own checksum and nothing of a history', () => {
  check([{ checksum: 'abc' }], {
    id: '1_a',
    state: 'pending',
    appliedAt: null,
    durationMs: null,
    checksum: 'abc',
    fileChecksum: 'abc',
    batch: null,
    sequence: null,
    operator: null,
    progress: null,
  })
})

test('an applied migration tells when, how long, by whom', () => {
  const operator = { user: 'ann', host: 'box' }
  check([{}, { durationMs: 0, operator, description: 'Plans', batch: 3 }], {
    state: 'applied',
    appliedAt: '2026-01-01T00:00:00.001Z',
    durationMs: 0,
    operator,
    description: 'Plans',
    batch: 3,
    sequence: 1,
    irreversible: null,
  })
})

test('a changed migration tells both checksums', () => {
  check(
    [
      { checksum: 'new', downChecksum: 'b' },
      { checksum: 'old', downChecksum: 'a' },
    ],
    {
      state: 'changed',
      checksum: 'old',
      fileChecksum: 'new',
      downChanged: true,
    },
  )
})

test('a missing migration tells its recorded checksum and format', () => {
  check([undefined, { checksum: 'old', format: 'module' }], {
    state: 'missing',
    checksum: 'old',
    fileChecksum: null,
    format: 'module',
  })
})

test('a dirty migration tells how far it came', () => {
  const progress = { direction: 'up', applicationName: 'm', finished: 2, statement: 'SELECT 3' } as const
  check([{}, { dirty: true, progress }], { state: 'dirty', progress })
})

test('every migration has the same keys, whatever is known of it', () => {
  const keys = reconcile([fileOf('1_a'), fileOf('2_b')], [entryOf('1_a', 1), entryOf('3_c', 2)]).map((status) =>
    Object.keys(statusJson(status)).join(),
  )
  expect(new Set(keys).size).toBe(1)
})

test('the document lists all and counts each state', () => {
  const migrations = reconcile([fileOf('1_a'), fileOf('2_b')], [entryOf('1_a', 1)])
  expect(statusDocument(migrations, { ...noStates, applied: 1, pending: 1 })).toMatchObject({
    migrations: [{ id: '1_a' }, { id: '2_b' }],
    summary: { ...noStates, applied: 1, pending: 1, total: 2 },
  })
})
