// Copies the documentation into the package, with the commands as its users type them: messages name these pages.
// `node --import tsx build-docs.mjs`
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { asProgram } from './src/report/invocation.ts'

const from = join(import.meta.dirname, '../../docs')
const to = join(import.meta.dirname, 'dist/docs')
/** About this repository's own product and simulator. */
const LEFT_OUT = new Set(['guides/incident-drill.md'])

const pages = ['guides', 'reference', 'runbooks']
  .flatMap((folder) => readdirSync(join(from, folder)).map((name) => `${folder}/${name}`))
  .filter((page) => page.endsWith('.md') && !LEFT_OUT.has(page))

rmSync(to, { recursive: true, force: true })
for (const page of pages) {
  mkdirSync(dirname(join(to, page)), { recursive: true })
  writeFileSync(join(to, page), asPublished(readFileSync(join(from, page), 'utf8')))
}

function asPublished(text) {
  const elsewhere = text
    .replace(/^(?:This repository's own|In this repository)[\s\S]*?\n\n/gm, '')
    .replace(/ (?:--filter @repo\/database|exec)(?= db:)/g, '')
    .replaceAll('`db:*`', '`migrator`')
    .replaceAll('packages/database/src/migrations', 'src/migrations')
    .replace(/^(```\w+) file=.*$/gm, '$1')
    .replace(/\[([^\]]+)\]\(([^)#]+)[^)]*\)/g, (link, words, path) => (isKept(path) ? link : words))
  return asProgram.speak(elsewhere)
}

/** A link to a page that is in the package too, or to the web. */
function isKept(path) {
  if (/^[a-z]+:/.test(path)) return true
  return pages.some((page) => page.endsWith(path.replace(/^(?:\.\.?\/)*/, '')))
}
