import { existsSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificate, Certificates } from '../core/certificate.ts'
import { VERDICTS } from '../core/rehearsal.ts'
import { MigratorError } from '../errors.ts'

const NAME = 'migrations.lock.json'
const VERSION = 1

export function lockFilePath(migrationsDirectory: string): string {
  return join(migrationsDirectory, NAME)
}

/** The certificates beside the migrations; none where there is no such file. Throws LOCK_FILE_INVALID. */
export function readLockFile(migrationsDirectory: string): Certificates {
  const path = lockFilePath(migrationsDirectory)
  if (!existsSync(path)) return new Map()
  try {
    const document = JSON.parse(readFileSync(path, 'utf8')) as { lockfileVersion?: unknown; migrations?: unknown }
    if (document.lockfileVersion !== VERSION)
      throw new Error(`lockfileVersion ${document.lockfileVersion} is not known`)
    return new Map(Object.entries(document.migrations as object).map(([id, entry]) => [id, checked(id, entry)]))
  } catch (cause) {
    throw new MigratorError('LOCK_FILE_INVALID', `${path} can't be read: ${(cause as Error).message}.`, { cause })
  }
}

/**
 * Replaces the file in one step: readers see the old one or the new one. Entries stand in the order of the map, each
 * property on its own line, so that a review shows what became otherwise. Rejects with the system's error.
 */
export async function writeLockFile(migrationsDirectory: string, certificates: Certificates): Promise<string> {
  const path = lockFilePath(migrationsDirectory)
  const migrations = Object.fromEntries([...certificates].map(([id, { id: _, ...rest }]) => [id, rest]))
  const text = `${JSON.stringify({ lockfileVersion: VERSION, migrations }, undefined, 2)}\n`
  const temporary = `${path}.${process.pid}`
  try {
    await writeFile(temporary, text)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  return path
}

function checked(id: string, entry: unknown): Certificate {
  const read = {
    reasons: [],
    lostByDown: [],
    lostByRoundTrip: [],
    locks: {},
    postgres: 0,
    ...(entry as Partial<Certificate>),
  }
  const { checksum, verdict, before, after } = read
  const texts = [checksum, before, after].every((text) => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text))
  if (!texts || verdict === undefined || !VERDICTS.includes(verdict)) throw new Error(`the entry of ${id} is damaged`)
  return { ...(read as Certificate), id }
}
