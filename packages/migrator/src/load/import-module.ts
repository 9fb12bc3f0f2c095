import { pathToFileURL } from 'node:url'
import { invalidFiles } from '../core/file-problem.ts'
import type { MigrationFile } from '../core/migration.ts'

/** Imports a module, TypeScript too. Rejects with MIGRATION_FILES_INVALID that names file, line and cause. */
export async function importModule(
  absolutePath: string,
  named: Pick<MigrationFile, 'id' | 'path'>,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (/\.[mc]?ts$/.test(absolutePath)) await registerTypeScript()
    const exports = (await import(pathToFileURL(absolutePath).href)) as Record<string, unknown>
    return unwrap(exports)
  } catch (cause) {
    const { message, line, column } = explain(cause, absolutePath)
    const place = line === undefined ? named.path : `${named.path}:${line}:${column}`
    const problem = {
      kind: 'does-not-load',
      id: named.id,
      path: named.path,
      message: `${place} does not load: ${message}`,
      line,
      column,
    } as const
    throw Object.assign(invalidFiles([problem]), { cause })
  }
}

/** tsx teaches this process TypeScript; where it was started with `--import tsx` it has done so already. */
async function registerTypeScript(): Promise<void> {
  if (process.execArgv.some((argument) => /\btsx\b/.test(argument))) return
  registered ??= import('tsx/esm/api').then(({ register }) => void register())
  await registered
}

let registered: Promise<void> | undefined

/** A CommonJS module arrives with its exports under `default` as well. */
function unwrap(exports: Record<string, unknown>): Readonly<Record<string, unknown>> {
  const inner = exports.default
  if (exports.up === undefined && typeof inner === 'object' && inner !== null) return { ...inner }
  return exports
}

interface Explanation {
  readonly message: string
  readonly line?: number | undefined
  readonly column?: number | undefined
}

function explain(cause: unknown, path: string): Explanation {
  const text = cause instanceof Error ? cause.message : String(cause)
  const syntax = /:(\d+):(\d+): ERROR: (.*)/.exec(text)
  if (syntax) return { message: `syntax error: ${syntax[3]}`, line: Number(syntax[1]), column: Number(syntax[2]) + 1 }
  const stack = (cause instanceof Error ? cause.stack : undefined) ?? ''
  const frame = stack.split('\n').find((line) => line.includes(path) || line.includes(encodeURI(path)))
  const at = /:(\d+):(\d+)\)?$/.exec(frame ?? '')
  const name = cause instanceof Error && cause.name !== 'Error' ? `${cause.name}: ` : ''
  const message = `${name}${text.split('\n')[0] ?? text}`
  return at ? { message, line: Number(at[1]), column: Number(at[2]) } : { message }
}
