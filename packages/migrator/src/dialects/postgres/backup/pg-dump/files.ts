import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { MigratorError } from '../../../../errors.ts'
import type { DumpRecord } from './record.ts'

export function dumpPath(directory: string, id: string): string {
  return join(directory, `${id}.dump`)
}

/** The dump while it is being written. */
export function partialPath(directory: string, id: string): string {
  return `${dumpPath(directory, id)}.partial`
}

function recordPath(directory: string, id: string): string {
  return join(directory, `${id}.json`)
}

/** Dumps hold everybody's data: the directory is for its owner alone, and git does not see it. */
export async function prepareDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  await chmod(directory, 0o700)
  await writeFile(join(directory, '.gitignore'), '*\n', { mode: 0o600 })
}

/** Writes the record unless there is one with this id: the id is then taken, and the answer is false. */
export async function reserve(directory: string, record: DumpRecord): Promise<boolean> {
  try {
    await writeFile(recordPath(directory, record.id), textOf(record), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return false
    throw error
  }
}

/** Gives the dump its name, then completes its record; both are on the disk when this resolves. */
export async function complete(directory: string, record: DumpRecord): Promise<void> {
  await rename(partialPath(directory, record.id), dumpPath(directory, record.id))
  const draft = `${recordPath(directory, record.id)}.partial`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(textOf(record))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, recordPath(directory, record.id))
}

export async function removeDump(directory: string, id: string): Promise<void> {
  const dump = dumpPath(directory, id)
  const record = recordPath(directory, id)
  for (const path of [partialPath(directory, id), dump, `${record}.partial`, record]) await rm(path, { force: true })
}

/** Newest first. A directory that is not there holds none. */
export async function readDumps(directory: string): Promise<readonly DumpRecord[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isErrno(error) && error.code === 'ENOENT') return []
    throw error
  })
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
  const records = await Promise.all(ids.map((id) => readRecord(directory, id)))
  return records.filter((record) => record !== undefined).toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

/** Also a `.dump` that somebody put there without a record. */
export async function findDump(directory: string, id: string): Promise<DumpRecord | undefined> {
  if (/[/\\\0]/.test(id)) return undefined
  return (await readRecord(directory, id)) ?? (await strayDump(directory, id))
}

async function readRecord(directory: string, id: string): Promise<DumpRecord | undefined> {
  const text = await readFile(recordPath(directory, id), 'utf8').catch((error: unknown) => {
    if (isErrno(error) && error.code === 'ENOENT') return undefined
    throw error
  })
  const record = text === undefined ? undefined : parse(text)
  if (record?.schemaVersion !== 1 || record.id !== id) return undefined
  return record.state === 'creating' && !isWritten(record) ? { ...record, state: 'failed', problem: ENDED } : record
}

const ENDED = 'The process that wrote it ended before completing it; the next backup removes it.'

/** Other files that end in .json are none of ours. */
function parse(text: string): DumpRecord | undefined {
  try {
    return JSON.parse(text) as DumpRecord
  } catch {
    return undefined
  }
}

/** Whether its process still lives; of another machine's nobody knows, so it is left alone. */
function isWritten({ process: writer }: DumpRecord): boolean {
  if (!writer || writer.host !== hostname()) return true
  try {
    process.kill(writer.pid, 0)
    return true
  } catch (error) {
    return isErrno(error) && error.code === 'EPERM'
  }
}

async function strayDump(directory: string, id: string): Promise<DumpRecord | undefined> {
  const found = await stat(dumpPath(directory, id)).catch((error: unknown) => {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw error
  })
  if (!found?.isFile()) return undefined
  const source = { host: '', port: 0, database: '' }
  const createdAt = found.mtime.toISOString()
  return { schemaVersion: 1, id, state: 'available', createdAt, source, sizeBytes: found.size }
}

function textOf(record: DumpRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

/** A failed system call, told plainly: which folder, and what is wrong with it. */
export async function explainingFiles<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A program that can't be started is no matter of the folder.
    if (!isErrno(error) || error.syscall?.startsWith('spawn')) throw error
    const what = PLAIN[error.code ?? ''] ?? error.message
    throw new MigratorError('BACKUP_FAILED', `The backup can't be kept in ${directory}: ${what}.`, {
      hint: 'Free space, fix the permissions, or name another folder for the dumps. Nothing was changed.',
      cause: error,
      details: { directory, reason: error.code },
    })
  }
}

const PLAIN: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file, not a folder',
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
