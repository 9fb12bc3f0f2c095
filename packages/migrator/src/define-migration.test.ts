import { expect, test } from 'vitest'
import { defineMigration, type MigrationDefinition } from './define-migration.ts'

const up = () => 'up'
const down = () => 'down'
const definition: MigrationDefinition = { id: '0001_a', up, down }

function checkRefused(change: Partial<MigrationDefinition>, word: string): void {
  const { down: _, ...without } = definition
  const given = 'down' in change ? { ...definition, ...change } : { ...without, ...change }
  expect(() => defineMigration(given)).toThrow(
    expect.objectContaining({ code: 'MIGRATION_FILES_INVALID', message: expect.stringContaining(word) }),
  )
}

const checksum = (change: Partial<MigrationDefinition>) => defineMigration({ ...definition, ...change }).checksum

test('makes a migration that runs in both directions', async () => {
  const migration = defineMigration(definition)
  expect(migration).toMatchObject({ id: '0001_a', format: 'module', transactional: true, irreversible: undefined })
  expect(migration.up.kind === 'module' && (await migration.up.run(undefined as never))).toBe('up')
  expect(migration.down?.kind === 'module' && (await migration.down.run(undefined as never))).toBe('down')
  expect(migration.sources).toEqual([])
})

test('carries its options', async () => {
  const verify = () => 'verified'
  const migration = defineMigration({ ...definition, transaction: false, description: 'Plans', verify })
  expect(migration).toMatchObject({
    transactional: false,
    description: 'Plans',
    validate: undefined,
    verify: { kind: 'module' },
  })
  expect(migration.verify?.kind === 'module' && (await migration.verify.run(undefined as never))).toBe('verified')
})

test('needs no down where it says why there is none', () => {
  const migration = defineMigration({ id: '0001_a', up, irreversible: 'rows are gone' })
  expect(migration).toMatchObject({ irreversible: 'rows are gone', down: undefined })
})

test('refuses a migration without down and without a reason, by its id', () => {
  checkRefused({}, '0001_a')
  checkRefused({ irreversible: '' }, '0001_a')
})

test('refuses what is no id', () => {
  for (const id of ['', 'a', '0001', '0001_', 'a_0001']) checkRefused({ id, down }, `"${id}"`)
})

test('has a checksum that sees every edit of its functions, and nothing else', () => {
  expect(checksum({})).toMatch(/^[0-9a-f]{64}$/)
  expect(checksum({ description: 'other' })).toBe(checksum({}))
  const edits = [
    checksum({}),
    checksum({ up: () => 'edited' }),
    checksum({ down: () => 'edited' }),
    checksum({ validate: () => 'edited' }),
    checksum({ verify: () => 'edited' }),
  ]
  expect(new Set(edits).size).toBe(edits.length)
})
