import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Plain English in every text of the repository: documents, messages, comments and test names. cspell checks the spelling. */
const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Phrases that read as if translated, each with what to write. A blank also matches the end of a line. */
const WORN: readonly (readonly [phrase: string, better: string])[] = [
  ['that there (?:is|are|was|were)(?: not| none)?\\b', '"that exists", "existing"; "unknown"; or leave it out'],
  ['\\bit included\\b', '"up to and including"'],
  ['\\bby itself\\b', '"on its own", "automatically", "standalone", "separately"'],
  ['\\bby themselves\\b', '"on their own"'],
  ['what becomes of\\b', '"what to do with", "what happens to"'],
  ['\\b(?:is|are|was|were|be) let\\b', '"may", "is allowed to"'],
  ['\\b(?:step|plan|run|one) in hand\\b', '"current"'],
  ['\\bat hand\\b', '"available", "current"'],
  ['\\b(?:its|their) like\\b', '"similar statements", "such as"'],
  ['\\b(?:the|no) way (?:there|back)\\b', '"up", "down"; "cannot be undone"'],
  ['\\b(?:is|are|was|were|be|being) told\\b', '"is reported", "appears", "is distinguished from", "knows"'],
  ["(?:can't|cannot|can not|could not) be told\\b", '"cannot be determined", "is unknown"'],
  ['\\bgo(?:es)? on running\\b', '"keeps running"'],
  ['\\btakes? no heed of\\b', '"ignores"'],
  ['\\b(?:take|takes|taken|took|taking) back\\b', '"roll back", "undo", "remove"'],
  ['\\b(?:is|are) no part of\\b', '"does not belong to", "is left out of"'],
  ['\\blooks? whether\\b', '"checks that"'],
  ['\\bgravest\\b', '"most severe"'],
  ['\\bspeaks? of\\b', '"mentions", "names"'],
  ['\\bby now\\b', '"now", "meanwhile"'],
  ['\\blies?\\b', '"is", "is stored"'],
  ['\\b(?:is|are|was) walked\\b', '"is rehearsed", "runs"'],
]

const worn = WORN.map(([phrase, better]) => ({
  pattern: new RegExp(phrase.replaceAll(' ', '\\s+'), 'gi'),
  better,
}))

interface Text {
  readonly path: string
  readonly text: string
}

function textsIn(folder: string): readonly Text[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : textsIn(path)
    if (!/\.(?:ts|md|mjs|cjs)$/.test(entry.name)) return []
    return [{ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }]
  })
}

/** Applied migrations keep their checksums, and so their words; fixtures are other people's. */
const LEFT_OUT = new Set([
  'node_modules',
  'dist',
  'fixtures',
  'migrations',
  '.git',
  '.data',
  '.turbo',
  'logs',
  'coverage',
])
const GENERATED = new Set(['docs/reference/api.md'])
const thisFile = relative(root, fileURLToPath(import.meta.url))
  .split(sep)
  .join('/')

/** `path:line: "phrase": better`, also where the phrase goes over the end of a line of a comment. */
function wornIn({ path, text }: Text): readonly string[] {
  const plain = text.replace(/^([ \t]*)(\*|\/\/)(?= )/gm, (_, blanks, sign) => blanks + ' '.repeat(sign.length))
  return worn.flatMap(({ pattern, better }) =>
    [...plain.matchAll(pattern)].map(
      ({ 0: phrase, index }) =>
        `${path}:${plain.slice(0, index).split('\n').length}: "${phrase.replace(/\s+/g, ' ')}": write ${better}`,
    ),
  )
}

test('finds a phrase over the end of a line, and names its line', () => {
  const text = '/**\n * Lists the backups that there\n * are.\n */'
  expect(wornIn({ path: 'a.ts', text })).toEqual([
    'a.ts:2: "that there are": write "that exists", "existing"; "unknown"; or leave it out',
  ])
})

test('no text uses a phrase that reads as if translated', () => {
  const texts = textsIn(root).filter(({ path }) => path !== thisFile && !GENERATED.has(path))
  expect(texts.length).toBeGreaterThan(500)
  expect(texts.flatMap(wornIn)).toEqual([])
})
