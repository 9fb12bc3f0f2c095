import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileProblem } from '../core/file-problem.ts'

/** A file's bytes (for the checksum) and its text. */
export interface Source {
  readonly bytes: Buffer
  readonly text: string
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a text file. What is not UTF-8, or holds a NUL that PostgreSQL would cut the text at, is a problem. */
export function readSource(directory: string, name: string): Source | FileProblem {
  try {
    const bytes = readFileSync(join(directory, name))
    const text = UTF8.decode(bytes)
    if (text.includes('\0')) return { kind: 'unreadable', path: name, message: `${name} contains a NUL character.` }
    return { bytes, text }
  } catch (cause) {
    const why = cause instanceof TypeError ? 'is not valid UTF-8' : `cannot be read: ${(cause as Error).message}`
    return { kind: 'unreadable', path: name, message: `${name} ${why}.` }
  }
}

export function isProblem(value: Source | FileProblem): value is FileProblem {
  return 'kind' in value
}
