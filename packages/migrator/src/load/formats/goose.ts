import type { FileProblem } from '../../core/file-problem.ts'
import type { Listing } from './format.ts'
import { sectioned } from './sectioned.ts'
import { cutAt, type Sections } from './sections.ts'

const UP = /^\s*--\s*\+goose\s+up\b/i
const DOWN = /^\s*--\s*\+goose\s+down\b/i
const NO_TRANSACTION = /^[ \t]*--[ \t]*\+goose[ \t]+no[ \t]+transaction\b/im

/** goose: `-- +goose Up` and `-- +goose Down`. Its StatementBegin and StatementEnd are comments to PostgreSQL. */
export const goose = sectioned({ name: 'goose', sections: gooseSections, downMark: '-- +goose Down', problems })

export function gooseSections(text: string): Sections | undefined {
  if (!text.split('\n').some((line) => UP.test(line))) return undefined
  return { ...cutAt(text, { up: UP, down: DOWN }), ...(NO_TRANSACTION.test(text) ? { transactional: false } : {}) }
}

function problems({ files, text }: Listing): readonly FileProblem[] {
  return files.flatMap((path): readonly FileProblem[] => {
    if (/^\d+_.*(?<!_test)\.go$/.test(path))
      return [unsupported(path, 'is written in Go; rewrite it in SQL or TypeScript')]
    const replaces = /\.sql$/.test(path) && /^[ \t]*--[ \t]*\+goose[ \t]+envsub[ \t]+on\b/im.test(text(path) ?? '')
    return replaces ? [unsupported(path, 'uses "+goose ENVSUB"; write the values into the file')] : []
  })
}

function unsupported(path: string, why: string): FileProblem {
  return { kind: 'unsupported', path, message: `${path} ${why}.` }
}
