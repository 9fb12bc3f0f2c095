import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the documentation is: the home page that the package names, or its README beside it. */
export function manual(): string {
  return `Documentation: ${addressOf(packageFolder(dirname(fileURLToPath(import.meta.url))))}`
}

function addressOf(folder: string): string {
  const { homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { homepage?: string }
  return homepage ?? join(folder, 'README.md')
}

function packageFolder(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder
  return packageFolder(dirname(folder))
}
