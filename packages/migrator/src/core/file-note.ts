import type { SourceFile } from './migration.ts'

/** Something about a file that is no fault, but may become one. */
export interface FileNote {
  readonly kind: 'crlf' | 'byte-order-mark'
  readonly path: string
  readonly message: string
}

/**
 * What makes a checksum depend on who checked the file out: line ends that git may convert, and a mark that editors put in and
 * take out.
 */
export function fileNotes(sources: readonly SourceFile[]): readonly FileNote[] {
  const contents = new Map(sources.map(({ path, content }) => [path, content]))
  return [...contents].flatMap(([path, content]): readonly FileNote[] => [
    ...(content.startsWith('\uFEFF') ? [{ kind: 'byte-order-mark', path, message: `${path} ${MARK}` } as const] : []),
    ...(content.includes('\r\n') ? [{ kind: 'crlf', path, message: `${path} ${CRLF}` } as const] : []),
  ])
}

const MARK = 'begins with a byte order mark, which is part of its checksum: an editor that removes it changes the file.'
const CRLF =
  'has CRLF line ends, which are part of its checksum: a checkout that converts them changes the file. ' +
  'Put "*.sql -text" and "*.ts -text" into a .gitattributes beside the migrations.'
