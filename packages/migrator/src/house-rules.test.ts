import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** House style over the `src` of every package and app, as far as a machine can read it. */
const root = fileURLToPath(new URL('../../..', import.meta.url))

interface SourceFile {
  readonly path: string
  readonly text: string
}

const files: readonly SourceFile[] = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).flatMap((name) => typeScriptIn(join(root, group, name, 'src'))),
)

function typeScriptIn(folder: string): readonly SourceFile[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[mc]?tsx?$/.test(name))
    .map((name) => join(folder, name))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
}

/** `path:line` of every line that matches, outside of the files that may. */
function linesWith(pattern: RegExp, mayHave: (path: string) => boolean = () => false): readonly string[] {
  return files
    .filter(({ path }) => !mayHave(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(withoutComment(line)) ? [`${path}:${index + 1}`] : [])),
    )
}

/** Words in a comment are no code. A text that holds a comment's sign is cut short, which only makes the rule milder. */
function withoutComment(line: string): string {
  return line.replace(/^\s*(?:\/?\*|\/\/).*|\s\/\/\s.*/, '')
}

const isTest = (path: string) => path.endsWith('.test.ts')

test('the rules look at the source of every package', () => {
  const packages = new Set(files.map(({ path }) => path.split('/').slice(0, 2).join('/')))
  expect([...packages]).toEqual(expect.arrayContaining(['apps/api', 'packages/database', 'packages/migrator']))
  expect(linesWith(/\bexport\b/).length).toBeGreaterThan(100)
})

test('no file is longer than 400 lines', () => {
  const long = files.filter(({ text }) => text.trimEnd().split('\n').length > 400)
  expect(long.map(({ path }) => path)).toEqual([])
})

test('only exit.ts ends the process', () => {
  const mayExit = (path: string) => path === 'packages/migrator/src/cli/exit.ts' || isTest(path)
  expect(linesWith(/\bprocess\.exit\(/, mayExit)).toEqual([])
})

test('only files named env.ts read the environment', () => {
  // init writes configurations that read their own environment, and reads such ones.
  const mayName = (path: string) => /\/(?:env|cli\/init\/(?:texts|drizzle-config\.test))\.ts$/.test(path)
  expect(linesWith(/\bprocess\.env\b/, mayName)).toEqual([])
})

test('nothing is of any type', () => {
  expect(linesWith(/\bas any\b|:\s*any\b(?!\s+[a-z])|[<]any\b|\bany\[\]/)).toEqual([])
})

test('no test is skipped, alone or still to be written', () => {
  expect(linesWith(/\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|only|todo)\b/)).toEqual([])
})

test('the engine prints nothing by console.log', () => {
  const elsewhere = (path: string) => !path.startsWith('packages/migrator/src/') || isTest(path)
  expect(linesWith(/\bconsole\.log\b/, elsewhere)).toEqual([])
})

test('only dialects know SQLSTATEs and the nodes of a parser', () => {
  const neutral = /^packages\/migrator\/src\/(?:core|ports|engine|safety|load|report|providers|testing)\//
  const elsewhere = (path: string) => !neutral.test(path) || isTest(path)
  // The classes of https://www.postgresql.org/docs/current/errcodes-appendix.html; whoever reads `sqlstate` decides by one.
  const state = "'(?:0[0-9A-Z]|2[0-8BDF]|3[489BDF]|4[0-4]|5[3-8]|72|F0|HV|P0|XX)[0-9A-Z]{3}'"
  expect(linesWith(new RegExp(`${state}|\\bsqlstate\\b|\\w(?:Stmt|RangeVar)'`), elsewhere)).toEqual([])
})

test('no type error is silenced', () => {
  const silenced = /@ts-(?:ignore|nocheck)/
  const found = files.filter(
    ({ path, text }) => path !== 'packages/migrator/src/house-rules.test.ts' && silenced.test(text),
  )
  expect(found.map(({ path }) => path)).toEqual([])
})

test('no text that may end in a full stop is given a second one in the middle of a message', () => {
  const doubled = /\$\{(?:\w+\.)*(?:message|reason)\}\.(?=\s\S)/
  expect(linesWith(doubled, isTest)).toEqual([])
})

test('every source file that a document names is there', () => {
  const documents = [
    ...['ARCHITECTURE.md', 'README.md', 'packages/migrator/README.md'],
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ].filter((path) => path.endsWith('.md'))
  const rooms = readdirSync(join(root, 'packages/migrator/src'), { withFileTypes: true })
  const names = rooms.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const path = new RegExp(`\`((?:src|operations|${names.join('|')})/(?:[\\w-]+/)*[\\w.-]*)\``, 'g')
  const bases = ['', 'packages/migrator', 'packages/migrator/src'].map((base) => join(root, base))
  const gone = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(path)]
      .map(([, named = '']) => named)
      .filter((named) => named !== 'src/migrations' && !bases.some((base) => existsSync(join(base, named))))
      .map((named) => `${document}: ${named}`),
  )
  expect(gone).toEqual([])
})
