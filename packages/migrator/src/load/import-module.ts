import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codeFrame } from '../core/code-frame.ts'
import { invalidFiles } from '../core/file-problem.ts'
import type { MigrationFile } from '../core/migration.ts'
import { runMigrationCode } from './migration-code.ts'
import { importFile } from './module-loader.ts'

/** Imports a module, TypeScript too. Rejects with MIGRATION_FILES_INVALID that names file, line and cause. */
export async function importModule(
  absolutePath: string,
  named: Pick<MigrationFile, 'id' | 'path'>,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await runMigrationCode(named.path, () => importFile(absolutePath), 'load')
  } catch (cause) {
    const told = explain(cause, dirname(absolutePath))
    const {
      message,
      path = named.path,
      line,
      column,
    } = told.line === undefined && cause instanceof SyntaxError ? { ...told, ...(await checked(absolutePath)) } : told
    const place = [path, line, column].filter((part) => part !== undefined).join(':')
    const by = path === named.path ? '' : `${named.path}: `
    const problem = {
      kind: 'does-not-load',
      id: named.id,
      path: named.path,
      message: `${by}${place} cannot be loaded: ${message}`,
      line,
      column,
      frame: line === undefined ? undefined : frameOf(resolve(dirname(absolutePath), path), line, column),
    } as const
    throw Object.assign(invalidFiles([problem]), { cause })
  }
}

function frameOf(file: string, line: number, column: number | undefined): string | undefined {
  return existsSync(file) ? codeFrame(readFileSync(file, 'utf8'), line, column) : undefined
}

interface Explanation {
  readonly message: string
  /** The file that is to blame, relative to the migrations directory: the module, or what it imports. */
  readonly path?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

function explain(cause: unknown, directory: string): Explanation {
  const text = cause instanceof Error ? cause.message : String(cause)
  const syntax = /^ParseError: (.*?)\s*\n\s*(\S.*):(\d+):(\d+)/.exec(text)
  if (syntax) {
    const [, what = '', file = '', line = '1', column = '0'] = syntax
    const place = { line: Number(line), column: Number(column) + 1 }
    return { message: `syntax error: ${withToken(what, file, place)}`, path: relativeTo(directory, file), ...place }
  }
  const name = cause instanceof Error && cause.name !== 'Error' ? `${cause.name}: ` : ''
  return { message: `${name}${text.split('\n')[0] ?? text}`, ...frameBelow(cause, directory) }
}

/** The parser says "Unexpected token"; a reader wants to know which. */
function withToken(what: string, file: string, { line, column }: { line: number; column: number }): string {
  if (what !== 'Unexpected token' || !existsSync(file)) return what
  const rest =
    readFileSync(file, 'utf8')
      .split('\n')
      [line - 1]?.slice(column - 1) ?? ''
  const token = /^(?:[\w$]+|\S)/.exec(rest)?.[0]
  return token === undefined ? 'Unexpected end' : `${what} "${token}"`
}

/** The first frame of the stack in the migrations directory; a syntax error of plain JavaScript has only a line. */
function frameBelow(cause: unknown, directory: string): Omit<Explanation, 'message'> {
  const stack = (cause instanceof Error ? cause.stack : undefined) ?? ''
  for (const line of stack.split('\n')) {
    if (line.length > LONGEST_FRAME) continue
    const match = /((?:file:\/\/)?\/[^()]*?):(\d+)(?::(\d+))?\)?$/.exec(line.trim())
    const path = match?.[1] === undefined ? undefined : relativeTo(directory, match[1])
    if (match && path !== undefined) {
      return { path, line: Number(match[2]), column: match[3] === undefined ? undefined : Number(match[3]) }
    }
  }
  return {}
}

/** Longer lines are parts of the message. */
const LONGEST_FRAME = 4096

/** Node tells the line of a syntax error in plain JavaScript only to whoever asks it to check the file. */
async function checked(path: string): Promise<Omit<Explanation, 'message'>> {
  const stderr = await promisify(execFile)(process.execPath, ['--check', path]).then(
    () => '',
    (error: { stderr?: string }) => error.stderr ?? '',
  )
  const line = /:(\d+)$/m.exec(stderr)?.[1]
  return line === undefined ? {} : { line: Number(line) }
}

function relativeTo(directory: string, file: string): string | undefined {
  const path = relative(directory, file.startsWith('file:') ? fileURLToPath(file) : file)
  return path.startsWith('..') ? undefined : path
}
