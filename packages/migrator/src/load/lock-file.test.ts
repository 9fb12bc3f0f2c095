import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Certificate } from '../core/certificate.ts'
import { lockFilePath, readLockFile, writeLockFile } from './lock-file.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-file-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const digest = 'a'.repeat(64)
const certificate: Certificate = {
  ...{ id: '0001_a', checksum: digest, verdict: 'lossless', reasons: [], before: digest, after: digest },
  ...{ lostByDown: [], lostByRoundTrip: [], locks: {}, postgres: 18 },
}

test('what was written is read again, and nothing else is left', async () => {
  await writeLockFile(folder, new Map([['0001_a', certificate]]))
  expect(readLockFile(folder)).toEqual(new Map([['0001_a', certificate]]))
  expect(readdirSync(folder)).toEqual(['migrations.lock.json'])
})

test('each property stands on its own line, for a review', async () => {
  await writeLockFile(folder, new Map([['0001_a', certificate]]))
  expect(readFileSync(lockFilePath(folder), 'utf8')).toContain('\n      "verdict": "lossless",\n')
})

test('no file is no certificate', () => expect(readLockFile(folder)).toEqual(new Map()))

test.each([
  ['nonsense', '{'],
  ['another version', '{ "lockfileVersion": 2, "migrations": {} }'],
  ['no migrations', '{ "lockfileVersion": 1 }'],
  ['an entry without digests', '{ "lockfileVersion": 1, "migrations": { "0001_a": { "verdict": "lossless" } } }'],
  ['an entry that is nothing', '{ "lockfileVersion": 1, "migrations": { "0001_a": null } }'],
])('%s is refused', (_, text) => {
  writeFileSync(lockFilePath(folder), text)
  expect(() => readLockFile(folder)).toThrow(expect.objectContaining({ code: 'LOCK_FILE_INVALID' }))
})
