import { constants, type Dirent } from 'node:fs'
import { chown, copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface CopyRules {
  /** Who owns the copies; undefined leaves them ours. */
  readonly owner: Owner | undefined
  /** Asked with the path below the first folder. */
  readonly takes: (path: string) => boolean
  /** Under a running server a file may be gone between listing and copying. */
  readonly missing: 'was-dropped' | 'is-an-error'
}

/** Copies what a folder holds, with the files' modes, into a folder that exists. Links and the like are refused. */
export async function copyEntries(from: string, to: string, rules: CopyRules, below = ''): Promise<void> {
  const entries = await readdir(join(from, below), { withFileTypes: true }).catch((error: unknown) =>
    gone(error, rules, []),
  )
  await Promise.all(
    entries.filter((entry) => rules.takes(below + entry.name)).map((entry) => copyEntry(from, to, rules, below, entry)),
  )
}

async function copyEntry(from: string, to: string, rules: CopyRules, below: string, entry: Dirent): Promise<void> {
  const path = below + entry.name
  const target = join(to, path)
  if (entry.isDirectory()) {
    await mkdir(target, { mode: 0o700, recursive: true })
    await own(target, rules.owner)
    await copyEntries(from, to, rules, `${path}/`)
  } else if (entry.isFile()) {
    const copied = await copyFile(join(from, path), target, constants.COPYFILE_FICLONE).then(
      () => true,
      (error: unknown) => gone(error, rules, false),
    )
    if (copied) await own(target, rules.owner)
  } else throw new Error(`${join(from, path)} is neither a file nor a folder and cannot be copied.`)
}

async function own(path: string, owner: Owner | undefined): Promise<void> {
  if (owner !== undefined) await chown(path, owner.uid, owner.gid)
}

function gone<T>(error: unknown, { missing }: CopyRules, instead: T): T {
  if (missing === 'was-dropped' && (error as NodeJS.ErrnoException).code === 'ENOENT') return instead
  throw error
}
