import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** A Markdown file of the repository; `path` is relative to its root. */
export interface Document {
  readonly path: string
  readonly text: string
}

/** A fenced block. `comment` is the HTML comment on the line before it; `file` what stands behind `file=` in its first line. */
export interface Block {
  readonly language: string
  readonly file: string | undefined
  readonly comment: string | undefined
  readonly line: number
  readonly text: string
}

/** What a reader would type. A comment `# exit 5` behind it names its exit code; otherwise that is 0. */
export interface Command {
  readonly text: string
  readonly line: number
  readonly exitCode: number
}

/** In the order in which somebody new would read them: first the README. */
export function readDocuments(): readonly Document[] {
  const folders = ['', 'docs/guides', 'docs/runbooks', 'docs/reference', 'docs/decisions', 'packages/migrator']
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .sort((a, b) => Number(b === 'README.md') - Number(a === 'README.md') || a.localeCompare(b))
      .map((name) => join(folder, name)),
  )
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export function blocksOf({ text }: Document): readonly Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', language = '', rest = ''] = /^(\s*)```(\w*)(.*)$/.exec(lines[at] ?? '') ?? []
    if (!/^\s*```/.test(lines[at] ?? '')) continue
    const from = at + 1
    do at++
    while (at < lines.length && lines[at]?.trim() !== '```')
    const inside = lines.slice(from, at).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    const comment = /<!-- (.*) -->\s*$/.exec(lines[from - 2] ?? '')?.[1]
    const file = /file=(\S+)/.exec(rest)?.[1]
    blocks.push({ language, file, comment, line: from, text: `${inside.join('\n')}\n` })
  }
  return blocks
}

/** The one rule: every `bash` block is run, unless the comment before it says `not run: why`. */
export function isRun({ language, comment = '' }: Block): boolean {
  return language === 'bash' && !/^not run: \S/.test(comment)
}

/** What keeps running beside the commands below it: the comment before the block says `stays: why`. */
export function stays({ language, comment = '' }: Block): boolean {
  return language === 'bash' && /^stays: \S/.test(comment)
}

export function commandsOf({ text, line }: Block): readonly Command[] {
  const commands: Command[] = []
  let held = ''
  for (const [index, piece] of text.split('\n').entries()) {
    if (piece.endsWith('\\')) held += `${piece.slice(0, -1).trim()} `
    else {
      const whole = held + piece.trim()
      held = ''
      if (whole === '' || whole.startsWith('#')) continue
      commands.push({ text: whole, line: line + index + 1, exitCode: Number(/# exit (\d+)$/.exec(whole)?.[1] ?? 0) })
    }
  }
  return commands
}

/** The ids that a link can point at, as GitHub makes them of headings. */
export function anchorsOf({ text }: Document): ReadonlySet<string> {
  const prose = text.replace(/^\s*```[\s\S]*?^\s*```/gm, '')
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...headings, ...[...prose.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)])
}

/** The part under a heading, up to the next one of the same or a higher level. */
export function sectionOf({ text }: Document, heading: string): string | undefined {
  const start = text.split('\n').findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start < 0) return undefined
  const lines = text.split('\n').slice(start)
  const level = /^#+/.exec(lines[0] ?? '')?.[0].length ?? 1
  const end = lines.findIndex((line, index) => index > 0 && new RegExp(`^#{1,${level}} `).test(line))
  return lines.slice(0, end < 0 ? undefined : end).join('\n')
}

/** Relative links of the prose: the path and the anchor behind it. */
export function linksOf({ text }: Document): readonly { target: string; path: string; anchor: string }[] {
  const prose = text.replace(/^\s*```[\s\S]*?^\s*```/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', anchor = ''] = target.split('#')
    return [{ target, path, anchor }]
  })
}

/** The one file that a path with `*` in its last part names. */
export function fileLike(directory: string, pattern: string): string {
  const folder = join(directory, pattern, '..')
  const last = pattern.split('/').at(-1) ?? ''
  const shape = new RegExp(
    `^${last
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => shape.test(name)) : []
  if (names.length !== 1) throw new Error(`${pattern} names ${names.length} files`)
  return join(folder, names[0] ?? '')
}
