import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

const LOCK_FILES: Readonly<Record<string, PackageManager>> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
}

/** A folder's package manager, by the nearest `packageManager` field or lock file above it. */
export function packageManagerOf(folder: string): PackageManager | undefined {
  const named = namedIn(join(folder, 'package.json'))
  if (named) return named
  const lock = Object.keys(LOCK_FILES).find((name) => existsSync(join(folder, name)))
  if (lock !== undefined) return LOCK_FILES[lock]
  return dirname(folder) === folder ? undefined : packageManagerOf(dirname(folder))
}

/** Of `npm/11.4.2 node/v22.1.0 linux x64`, as package managers tell the programs that they start. */
export function packageManagerIn(userAgent: string | undefined): PackageManager | undefined {
  return asPackageManager(userAgent?.split('/')[0])
}

function namedIn(manifest: string): PackageManager | undefined {
  try {
    const { packageManager } = JSON.parse(readFileSync(manifest, 'utf8')) as { packageManager?: unknown }
    return typeof packageManager === 'string' ? asPackageManager(packageManager.split('@')[0]) : undefined
  } catch {
    return undefined // Absent or broken: then it names none.
  }
}

function asPackageManager(name: string | undefined): PackageManager | undefined {
  return name === 'npm' || name === 'pnpm' || name === 'yarn' || name === 'bun' ? name : undefined
}

const RUNNERS: Readonly<Record<PackageManager, string>> = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }

/** What is typed before a program of the project's own `node_modules`. */
export function runnerOf(manager: PackageManager): string {
  return RUNNERS[manager]
}

/** What is typed before a script of package.json. */
export function scriptRunnerOf(manager: PackageManager): string {
  return manager === 'npm' || manager === 'bun' ? `${manager} run` : manager
}
