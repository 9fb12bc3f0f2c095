import type { Rewriting } from '../core/migration.ts'
import { checksumOf } from './checksum.ts'

const MARK = '\uFEFF'

/**
 * What alone makes this text another than the one that a checksum is of: its line ends, or the byte order mark in front.
 * Undefined when more was changed.
 */
export function rewritingOf(text: string, checksum: string): Rewriting | undefined {
  const marked = text.startsWith(MARK)
  const bare = marked ? text.slice(1) : text
  const lines = bare.replaceAll('\r\n', '\n')
  const same = (candidate: string) => checksumOf(candidate) === checksum
  // The text is as it was: what changed is something else, a file that it imports for instance.
  if (same(text)) return undefined
  if (same(marked ? bare : MARK + bare)) return marked ? 'byte order mark added' : 'byte order mark removed'
  for (const ends of [lines, lines.replaceAll('\n', '\r\n')]) {
    if (same(ends) || same(MARK + ends)) return ends === lines ? 'LF became CRLF' : 'CRLF became LF'
  }
  return undefined
}
