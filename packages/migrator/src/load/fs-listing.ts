import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MigratorError } from '../errors.ts'
import type { Listing } from './formats/format.ts'
import { isProblem, readSource } from './source.ts'

/** A folder as the formats see it. Folders and texts are read when they are asked for. Throws MIGRATIONS_DIRECTORY_MISSING. */
export function listDirectory(path: string): Listing {
  const entries = entriesOf(path)
  return {
    path,
    files: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
    folders: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    filesIn: remembered((folder) =>
      readdirSync(join(path, folder), { withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && !isLitter(entry.name))
        .map(({ name }) => name),
    ),
    filesBelow: remembered((folder) => filesBelow(path, folder)),
    text: remembered((file) => {
      const source = readSource(path, file)
      return isProblem(source) ? undefined : source.text
    }),
  }
}

function filesBelow(path: string, folder: string): readonly string[] {
  const entries = readdirSync(join(path, folder), { withFileTypes: true }).filter(({ name }) => !isLitter(name))
  return entries.flatMap((entry) => {
    const inside = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesBelow(path, inside) : [inside]
  })
}

/** What editors and operating systems leave beside files: `._0001.up.sql`, `.#0001.up.sql`, `0001.up.sql~`, `#0001.up.sql#`. */
function isLitter(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || /^#.*#$|\.sw[a-p]$/.test(name)
}

/** In the order of their names, whatever the file system's is. */
function entriesOf(path: string) {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => !isLitter(name))
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'does not exist'
        : `cannot be read (${(cause as Error).message})`
    throw new MigratorError('MIGRATIONS_DIRECTORY_MISSING', `The migrations directory ${path} ${why}.`, { cause })
  }
}

function remembered<T>(read: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>()
  return (path) => {
    const value = known.has(path) ? (known.get(path) as T) : read(path)
    known.set(path, value)
    return value
  }
}
