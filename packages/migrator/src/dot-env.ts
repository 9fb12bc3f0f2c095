import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'dotenv'
import { MigratorError } from './errors.ts'

/** A `.env` that was read, and the variables that came from it. */
export interface DotEnv {
  readonly path: string
  readonly names: ReadonlySet<string>
}

/**
 * Reads the nearest `.env` from a folder up to the root of its repository, and sets the variables that `env` does not have.
 * What `env` has wins; an empty variable counts as unset. Values are taken as dotenv takes them: nothing in them is expanded.
 * Throws CONFIG_INVALID for a file that cannot be read: without it a command could go to another database.
 */
export function loadDotEnv(from: string, env: Record<string, string | undefined>): DotEnv | undefined {
  const path = nearest(resolve(from))
  if (path === undefined) return undefined
  const names = new Set<string>()
  for (const [name, value] of Object.entries(parse(textOf(path)))) {
    if (env[name]) continue
    env[name] = value
    names.add(name)
  }
  return { path, names }
}

function nearest(from: string): string | undefined {
  const folders = ancestorsOf(from)
  const isRoot = (folder: string) => existsSync(join(folder, '.git'))
  const isWorkspace = (folder: string) => WORKSPACE.some((name) => existsSync(join(folder, name)))
  // Never beyond the repository: a file of the home folder belongs to something else.
  const end = [folders.findIndex(isRoot), folders.findIndex(isWorkspace), 0].find((index) => index >= 0) ?? 0
  return folders
    .slice(0, end + 1)
    .map((folder) => join(folder, '.env'))
    .find(isFile)
}

/** What marks the root of a repository that was unpacked without its `.git`. */
const WORKSPACE = ['pnpm-workspace.yaml', 'pnpm-lock.yaml', 'package-lock.json', 'yarn.lock', 'bun.lock', 'turbo.json']

function ancestorsOf(folder: string): readonly string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)]
}

/** A folder of that name is Python's; a pipe is how password managers hand the file out. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MigratorError('CONFIG_INVALID', `${path} cannot be read: ${why}`, {
      cause,
      hint: 'Correct its permissions, or remove it.',
    })
  }
}
