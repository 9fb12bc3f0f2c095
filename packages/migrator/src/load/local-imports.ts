import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { compareText, type SourceFile } from '../core/migration.ts'
import { checksumOf } from './checksum.ts'

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*\(\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g
const TRIED = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js']

/** What a module imports from the migrations directory, directly and further on, ordered by path; the module itself is left out. */
export function localImports(directory: string, path: string, text: string): readonly SourceFile[] {
  if (!text.includes('./')) return []
  const seen = new Map<string, string>([[path, text]])
  const queue: SourceFile[] = [{ path, content: text }]
  for (let source = queue.pop(); source; source = queue.pop()) {
    for (const imported of importsOf(directory, source)) {
      if (seen.has(imported.path)) continue
      seen.set(imported.path, imported.content)
      queue.push(imported)
    }
  }
  seen.delete(path)
  return [...seen].map(([name, content]) => ({ path: name, content })).sort((a, b) => compareText(a.path, b.path))
}

/** One checksum over all of them, by name and content; undefined when there are none. */
export function importsChecksumOf(imports: readonly SourceFile[]): string | undefined {
  if (imports.length === 0) return undefined
  return checksumOf(imports.map(({ path, content }) => `${checksumOf(content)}  ${path}\n`).join(''))
}

function importsOf(directory: string, source: SourceFile): readonly SourceFile[] {
  const found: SourceFile[] = []
  for (const [, , specifier = ''] of source.content.matchAll(SPECIFIER)) {
    const file = resolveFile(resolve(directory, dirname(source.path), specifier))
    if (!file) continue
    const path = relative(directory, file)
    if (path.startsWith('..')) continue
    found.push({ path: path.split(sep).join('/'), content: readFileSync(join(directory, path), 'utf8') })
  }
  return found
}

/** `./helper.js` may mean `helper.ts`, as TypeScript has it. */
function resolveFile(path: string): string | undefined {
  const stem = path.replace(/\.([mc]?)js$/, '.$1ts')
  return [...TRIED.map((end) => path + end), stem].find(isFile)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
