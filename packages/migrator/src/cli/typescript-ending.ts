import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import jsonc from 'jsonc-parser'

/**
 * How a TypeScript file with `import` and `export` must end in this folder for its own compiler to accept it. In a CommonJS
 * package `verbatimModuleSyntax` allows them only in `.mts` files.
 */
export function typescriptEnding(folder: string): 'ts' | 'mts' {
  if (isModulePackage(folder)) return 'ts'
  const path = nearest(folder, 'tsconfig.json')
  const { verbatimModuleSyntax, module } = path === undefined ? {} : compilerOptions(path, new Set())
  const followsPackage = /^(?:commonjs|node)/i.test(String(module ?? ''))
  return verbatimModuleSyntax === true && followsPackage ? 'mts' : 'ts'
}

interface CompilerOptions {
  readonly verbatimModuleSyntax?: unknown
  readonly module?: unknown
}

function isModulePackage(folder: string): boolean {
  const path = nearest(folder, 'package.json')
  return path !== undefined && (objectIn(path) as { type?: unknown }).type === 'module'
}

/** With those of the files that it extends; the last of several wins. */
function compilerOptions(path: string, seen: ReadonlySet<string>): CompilerOptions {
  if (seen.has(path)) return {}
  const { extends: bases = [], compilerOptions: own } = objectIn(path) as {
    extends?: string | readonly string[]
    compilerOptions?: CompilerOptions
  }
  const inherited = [bases].flat().map((base) => {
    const file = fileOf(String(base), path)
    return file === undefined ? {} : compilerOptions(file, new Set([...seen, path]))
  })
  return Object.assign({}, ...inherited, own)
}

/** Undefined for a package that is not installed. */
function fileOf(base: string, from: string): string | undefined {
  if (/^\.{0,2}\//.test(base)) {
    const path = resolve(dirname(from), base)
    return [path, `${path}.json`].find(existsSync)
  }
  const require = createRequire(from)
  for (const name of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      const path = require.resolve(name)
      if (path.endsWith('.json')) return path
    } catch {
      // The next name may be the one.
    }
  }
  return undefined
}

function objectIn(path: string): object {
  const value: unknown = jsonc.parse(existsSync(path) ? readFileSync(path, 'utf8') : '')
  return typeof value === 'object' && value !== null ? value : {}
}

function nearest(folder: string, name: string): string | undefined {
  const path = join(resolve(folder), name)
  if (existsSync(path)) return path
  return dirname(resolve(folder)) === resolve(folder) ? undefined : nearest(dirname(resolve(folder)), name)
}
