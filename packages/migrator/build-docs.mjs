// Copies the documentation into the package, with the commands as its users type them: messages name these pages.
// `node --import tsx build-docs.mjs`
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { asProgram } from './src/report/invocation.ts'

const from = join(import.meta.dirname, '../../docs')
const to = join(import.meta.dirname, 'dist/docs')
/** About this repository: its product and simulator, and its source. */
const LEFT_OUT = new Set(['guides/incident-drill.md', 'guides/finding-your-way.md'])

const pages = ['guides', 'reference', 'runbooks']
  .flatMap((folder) => readdirSync(join(from, folder)).map((name) => `${folder}/${name}`))
  .filter((page) => page.endsWith('.md') && !LEFT_OUT.has(page))

/** Headings that name commands, and so are called otherwise in the package. */
const anchors = new Map(
  pages.flatMap((page) =>
    [...readFileSync(join(from, page), 'utf8').matchAll(/^#+ (.*\bdb:.*)$/gm)].map(([, heading]) => [
      anchorOf(heading),
      anchorOf(asProgram.speak(heading)),
    ]),
  ),
)

rmSync(to, { recursive: true, force: true })
for (const page of pages) {
  mkdirSync(dirname(join(to, page)), { recursive: true })
  writeFileSync(join(to, page), asPublished(readFileSync(join(from, page), 'utf8')))
}

function asPublished(text) {
  const elsewhere = text
    .replace(/^(?:This repository(?:'s own| uses)|In this repository)[\s\S]*?\n\n/gm, '')
    .replace(/^\|.*(?:`apps\/api`|the engine's tests).*\n/gm, '')
    .replace(/^<!--[\s\S]*?-->\n/gm, '')
    .replace(/ (?:--filter @repo\/database|exec)(?= db:)/g, '')
    .replaceAll('`db:*`', '`migrator`')
    .replaceAll('packages/database/src/migrations', 'src/migrations')
    .replace(/^(```\w+) file=.*$/gm, '$1')
    .replace(/\[([^\]]+)\]\(([^)#]+)[^)]*\)/g, (link, words, path) => (isKept(path) ? link : words))
  return asProgram.speak(
    elsewhere.replace(/(?<=\]\([^)]*)#([\w-]+)(?=\))/g, (_, anchor) => `#${anchors.get(anchor) ?? anchor}`),
  )
}

/** As GitHub makes an anchor of a heading. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-')
}

/** A link to a page that is in the package too, or to the web. */
function isKept(path) {
  if (/^[a-z]+:/.test(path)) return true
  return pages.some((page) => page.endsWith(path.replace(/^(?:\.\.?\/)*/, '')))
}
