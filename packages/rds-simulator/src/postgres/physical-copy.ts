import { chown, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type postgres from 'postgres'
import { copyEntries, type Owner } from './copy-tree.ts'

/**
 * Copies a running server's data directory by PostgreSQL's low-level backup protocol; a server started on the copy
 * recovers from it as from a base backup. The copy holds everything committed before `pg_backup_stop`, nothing later.
 * `sql` is a superuser's single connection. Throws when a file or a statement fails; the half-made copy is the caller's.
 * https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function copyHot(sql: postgres.Sql, from: string, to: string): Promise<void> {
  const owner = await ownerOf(from)
  await refuseTablespaces(sql)
  const [begun] = await sql`SELECT pg_walfile_name(pg_backup_start('rds-simulator', fast => true)) AS wal`
  await ownedFolder(to, owner)
  await copyEntries(from, to, { owner, takes: takesWhileRunning, missing: 'was-dropped' })
  const [ended] =
    await sql`SELECT pg_walfile_name(lsn) AS wal, labelfile FROM pg_backup_stop(wait_for_archive => false)`
  const [first, last] = [String(begun?.wal), String(ended?.wal)]
  const takes = (path: string) => isWalFile(path) && path >= first && path <= last
  await copyEntries(join(from, 'pg_wal'), join(to, 'pg_wal'), { owner, takes, missing: 'is-an-error' })
  await writeOwned(join(to, 'backup_label'), String(ended?.labelfile), owner)
}

/** Copies the data directory of a server that does not run: a copy at rest, or one that was stopped. */
export async function copyCold(from: string, to: string): Promise<void> {
  const owner = await ownerOf(from)
  await ownedFolder(to, owner)
  await copyEntries(from, to, { owner, takes: (path) => !pidFiles.test(path), missing: 'is-an-error' })
}

const pidFiles = /^postmaster\.(?:pid|opts)$/
const isWalFile = (name: string): boolean => /^[0-9A-F]{24}$/.test(name)

// What the manual's section says to leave out: the pid files, WAL (copied afterwards), and what a start makes anew.
const emptied = /^pg_(?:wal|replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\//
const temporary = /(?:^|\/)(?:pgsql_tmp[^/]*|pg_internal\.init(?:\.\d+)?|t\d+_\d+(?:_[a-z]+)?(?:\.\d+)?)$/

function takesWhileRunning(path: string): boolean {
  if (path === 'pg_wal/archive_status' || path === 'pg_wal/summaries') return true // PostgreSQL expects these folders.
  return !pidFiles.test(path) && !emptied.test(path) && !temporary.test(path)
}

async function refuseTablespaces(sql: postgres.Sql): Promise<void> {
  const [row] =
    await sql`SELECT count(*)::int AS count FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')`
  if (row?.count !== 0) throw new Error('Databases with tablespaces of their own cannot be copied here.')
}

// Root copies for the server's user; anybody else owns what he copies anyway.
async function ownerOf(folder: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(folder)
  return { uid, gid }
}

async function ownedFolder(path: string, owner: Owner | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  if (owner !== undefined) await chown(path, owner.uid, owner.gid)
}

async function writeOwned(path: string, content: string, owner: Owner | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600 })
  if (owner !== undefined) await chown(path, owner.uid, owner.gid)
}
