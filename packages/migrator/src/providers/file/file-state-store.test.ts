import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf } from '../../../test/support/folder.ts'
import { newEntry } from '../../../test/support/records.ts'
import type { HistoryChange, HistoryEntry, Progress } from '../../core/history.ts'
import type { Session } from '../../ports/session.ts'
import { FileStateStore } from './file-state-store.ts'

/** The store outside the database has no use for a session. */
const session = undefined as unknown as Session

const progress: Progress = { direction: 'up', applicationName: 'migrator 1', finished: 1, statement: 'SELECT 2' }
const later: Progress = { ...progress, finished: 2 }
const before = { 'table public.a': 'digest' }

const applied = (id: string): HistoryChange => ({ kind: 'applied', entry: newEntry(id) })
const began = (id: string): HistoryChange => ({ kind: 'began', entry: newEntry(id), progress, before })

function statePath(): string {
  return join(folderOf({}), 'deep', 'state.json')
}

async function after(changes: readonly HistoryChange[], path = statePath()): Promise<FileStateStore> {
  const store = new FileStateStore({ filePath: path })
  for (const change of changes) await store.record(session, change)
  return new FileStateStore({ filePath: path })
}

/** What the history reads like after these changes, in another store on the same file. */
async function check(changes: readonly HistoryChange[], expected: readonly Partial<HistoryEntry>[]): Promise<void> {
  const entries = await (await after(changes)).read()
  expect(entries).toEqual(expected.map((entry) => expect.objectContaining(entry)))
  for (const entry of entries) {
    expect(entry.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(entry).not.toHaveProperty('sources')
    expect(entry).not.toHaveProperty('catalogBefore')
  }
}

describe('each change', () => {
  test('applied adds an entry, in the order of application', async () => {
    await check(
      [applied('2_b'), applied('1_a')],
      [
        { id: '2_b', sequence: 1, dirty: false, archived: true, checksum: 'sum-2_b' },
        { id: '1_a', sequence: 2, dirty: false },
      ],
    )
  })

  test('reverted removes it, and the next one comes behind those that are left', async () => {
    await check(
      [applied('1_a'), applied('2_b'), { kind: 'reverted', id: '1_a' }, applied('3_c')],
      [
        { id: '2_b', sequence: 2 },
        { id: '3_c', sequence: 3 },
      ],
    )
    await check([applied('1_a'), { kind: 'reverted', id: 'unknown' }], [{ id: '1_a' }])
  })

  test('began adds a dirty entry that keeps the evidence', async () => {
    await check([began('1_a')], [{ id: '1_a', dirty: true, progress, sequence: 1 }])
    expect(await (await after([began('1_a')])).catalogBefore(session, '1_a')).toEqual(before)
  })

  test('began makes an applied entry dirty where it stands', async () => {
    await check(
      [applied('1_a'), applied('2_b'), began('1_a')],
      [
        { id: '1_a', dirty: true, progress, sequence: 1 },
        { id: '2_b', dirty: false },
      ],
    )
  })

  test('progressed keeps how far a dirty one came', async () => {
    await check([began('1_a'), { kind: 'progressed', id: '1_a', progress: later }], [{ dirty: true, progress: later }])
  })

  test('settled clears it, evidence included', async () => {
    const changes: HistoryChange[] = [began('1_a'), { kind: 'settled', id: '1_a', durationMs: 12 }]
    await check(changes, [{ id: '1_a', dirty: false, durationMs: 12 }])
    const store = await after(changes)
    expect(await store.catalogBefore(session, '1_a')).toBeUndefined()
    expect((await store.read())[0]).not.toHaveProperty('progress')
  })

  test('settled without a duration keeps the one that was known', async () => {
    const entry = newEntry('1_a', { durationMs: 7 })
    await check(
      [{ kind: 'applied', entry }, began('1_a'), { kind: 'settled', id: '1_a', durationMs: undefined }],
      [{ durationMs: 7, dirty: false }],
    )
  })

  test('accepted takes over all that the file says, and nothing of when and in what order', async () => {
    const sources = [{ path: '1_a.up.sql', content: 'SELECT 3' }]
    const file = { checksum: 'new', downChecksum: 'd', importsChecksum: 'i', transactional: false } as const
    const told = { irreversible: 'why', description: 'what', format: 'module' } as const
    const entry = newEntry('1_a', { ...file, ...told, sources, batch: 9 })
    const changes: HistoryChange[] = [applied('1_a'), applied('2_b'), { kind: 'accepted', entry }]
    await check(changes, [{ id: '1_a', ...file, ...told, sequence: 1, batch: 1 }, { id: '2_b' }])
    expect(await (await after(changes)).sources(session, '1_a')).toEqual(sources)
  })

  test('fingerprinted keeps the fingerprint', async () => {
    await check([applied('1_a'), { kind: 'fingerprinted', id: '1_a', fingerprint: 'f' }], [{ schemaFingerprint: 'f' }])
  })
})

test('sources are archived, and told apart from none', async () => {
  const store = await after([applied('1_a'), { kind: 'applied', entry: newEntry('2_b', { sources: [] }) }])
  expect((await store.read()).map(({ archived }) => archived)).toEqual([true, false])
  expect(await store.sources(session, '1_a')).toEqual([{ path: '1_a.up.sql', content: 'SELECT 1;' }])
  expect(await store.sources(session, '2_b')).toEqual([])
  expect(await store.sources(session, 'unknown')).toEqual([])
})

describe('the file', () => {
  test('is not created by reading', async () => {
    const path = statePath()
    expect(await new FileStateStore({ filePath: path }).read()).toEqual([])
    expect(existsSync(dirname(path))).toBe(false)
  })

  test('is one versioned document, and nothing is left beside it', async () => {
    const path = statePath()
    await after([applied('1_a'), applied('2_b')], path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      schemaVersion: 1,
      migrations: [{ id: '1_a' }, { id: '2_b' }],
    })
    expect(readdirSync(dirname(path))).toEqual(['state.json'])
  })

  test('is replaced as a whole: what was opened before still reads the old one', async () => {
    const path = statePath()
    await after([applied('1_a')], path)
    const opened = await open(path)
    await after([applied('2_b')], path)
    expect(JSON.parse(await opened.readFile('utf8'))).toMatchObject({ migrations: [{ id: '1_a' }] })
    await opened.close()
  })

  test('is left as it was when it is damaged', async () => {
    const path = statePath()
    const store = await after([applied('1_a')], path)
    writeFileSync(path, '{ "migrations": [')
    await expect(store.record(session, applied('2_b'))).rejects.toMatchObject({ code: 'STATE_FILE_INVALID' })
    expect(readFileSync(path, 'utf8')).toBe('{ "migrations": [')
  })

  test.each(['', '{', 'null', '[]', '7', '{}', '{"migrations":{}}', '{"migrations":[{}]}', '{"migrations":[7]}'])(
    'is refused, by its name, when it holds %j',
    async (content) => {
      const path = join(folderOf({ 'state.json': content }), 'state.json')
      const read = new FileStateStore({ filePath: path }).read()
      await expect(read).rejects.toMatchObject({ code: 'STATE_FILE_INVALID', exitCode: 2 })
      await expect(read).rejects.toThrow(path)
    },
  )

  test('is refused when a later version of the tool wrote it', async () => {
    const path = join(folderOf({ 'state.json': '{"schemaVersion":2,"migrations":[]}' }), 'state.json')
    await expect(new FileStateStore({ filePath: path }).read()).rejects.toMatchObject({ code: 'STATE_FILE_INVALID' })
  })
})
