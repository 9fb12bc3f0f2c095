import { dirname } from 'node:path'
import type { Jiti } from 'jiti'
import { withinLoadLimit } from './load-limit.ts'

/**
 * Imports a module of a project: TypeScript or JavaScript, ESM or CommonJS, whatever the nearest package.json says, with
 * the path aliases of the nearest tsconfig.json. Writes nothing. TypeScript is read anew each time; what Node
 * loads itself, `.mjs` and CommonJS files, as `freshenModules` says. Rejects with whatever the module, or its syntax, throws,
 * and when it has not finished within half a minute.
 */
export async function importFile(absolutePath: string): Promise<Readonly<Record<string, unknown>>> {
  const exports = await importWith(absolutePath)
  return exports.up === undefined && isObject(exports.default) ? { ...exports, ...exports.default } : exports
}

/** The default export of a module, loaded the same way; of a CommonJS module, `module.exports`. */
export async function importDefault(absolutePath: string): Promise<unknown> {
  const exports = await importWith(absolutePath)
  if (typeof exports === 'function') return exports
  const exported = 'default' in exports ? exports.default : exports
  return isObject(exported) && exported.__esModule === true ? exported.default : exported
}

async function importWith(absolutePath: string): Promise<Readonly<Record<string, unknown>>> {
  const jiti = await loaderFor(dirname(absolutePath))
  return withinLoadLimit(jiti.import<Record<string, unknown>>(absolutePath))
}

async function loaderFor(directory: string): Promise<Jiti> {
  const { createJiti } = await import('jiti')
  const options = { fsCache: false, moduleCache: false, interopDefault: false } as const
  try {
    return createJiti(`${directory}/`, { ...options, tsconfigPaths: true })
  } catch {
    // A tsconfig.json that cannot be read, or extends a package that is not installed, has no aliases to offer.
    return createJiti(`${directory}/`, options)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
