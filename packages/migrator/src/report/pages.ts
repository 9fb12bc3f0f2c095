import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolName } from '../version.ts'

/** The published package holds the documentation, one folder above its bundled code. */
const PAGES = fileURLToPath(new URL('../docs/', import.meta.url))

/** A page that a message names (`docs/runbooks/rollback.md`), as a path relative to the user's working directory. */
export function pathOfPage(page: string, from = process.cwd()): string {
  const path = join(PAGES, page.replace(/^docs\//, ''))
  if (!existsSync(path)) return page
  const short = installedIn(from)
  return relative(from, short === undefined ? path : join(short, 'dist', page))
}

/** Where a project has the package, rather than the folder of a store that this leads to. */
function installedIn(folder: string): string | undefined {
  const place = join(folder, 'node_modules', toolName)
  if (existsSync(place)) return place
  return dirname(folder) === folder ? undefined : installedIn(dirname(folder))
}
