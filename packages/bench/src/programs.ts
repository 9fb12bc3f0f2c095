import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { readEnv } from './env.ts'
import { type Command, node } from './process.ts'

const PACKAGES = join(import.meta.dirname, '../..')

/** The engine's program from its sources, as this repository runs it. */
export const sourceBin = join(PACKAGES, 'migrator/src/cli/bin.ts')
/** The product's program, behind the `db:*` scripts. */
export const productCli = join(PACKAGES, 'database/bin/db.mjs')

export function migrator(bin: string, words: readonly string[], cwd: string, url: string): Command {
  return node(bin, words, cwd, { DATABASE_URL: url })
}

/** What the package manager that started the benchmark does at the root; undefined where none did. */
export function pnpm(words: readonly string[], url: string): Command | undefined {
  const { packageManager } = readEnv()
  if (packageManager === undefined) return undefined
  const [file, ...before] = /\.[cm]?js$/.test(packageManager) ? [process.execPath, packageManager] : [packageManager]
  return {
    file: file ?? packageManager,
    args: [...before, ...words],
    cwd: join(PACKAGES, '..'),
    env: { DATABASE_URL: url },
  }
}

export function peer(name: string, args: readonly string[], cwd: string): Command {
  return node(join(import.meta.dirname, '../peers', `${name}.mjs`), args, cwd)
}

export function psqlScript(psql: string, script: string, cwd: string, url: string): Command {
  return { file: psql, args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-f', script], cwd }
}

/** psql on the PATH, or where Debian keeps each major's programs. */
export function findPsql(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const majors = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...readEnv().path.split(delimiter), ...majors.map((major) => join(debian, major, 'bin'))]
  return folders.map((folder) => join(folder, 'psql')).find((path) => existsSync(path))
}

/** dbmate's own binary, without the Node.js program in front of it; undefined where npm has none for this platform. */
export function findDbmate(): string | undefined {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('dbmate'))
  try {
    return resolve(`@dbmate/${process.platform}-${process.arch}/bin/dbmate`)
  } catch {
    // An optional dependency that is not published for this platform.
    return undefined
  }
}
