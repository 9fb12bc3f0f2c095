import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { importsChecksumOf, localImports } from './local-imports.ts'

const A = 'export const a = 1\n'
const B = 'export const b = 2\n'

/** What `1_m.ts` of this text imports from a folder of these files. */
function check(text: string, files: Readonly<Record<string, string>>, expected: readonly string[]): void {
  const folder = folderOf({ '1_m.ts': text, ...files })
  const imports = localImports(folder, '1_m.ts', text)
  expect(imports.map(({ path }) => path)).toEqual(expected)
  for (const { path, content } of imports) expect(content).toBe(files[path])
}

describe('what a module imports from its own folder', () => {
  test('is found in every way of writing it', () => {
    for (const text of [
      "import { a } from './a.ts'",
      'import {a} from"./a.ts"',
      "import a, {\n  b,\n} from\n  './a.ts'",
      "import * as a from './a.ts'",
      "import './a.ts'",
      "export * from './a.ts'",
      "export { a } from './a.ts'",
      "import type { A } from './a.ts'",
      "const a = await import('./a.ts')",
      "const a = await import( './a.ts' )",
      "const a = require('./a.ts')",
    ])
      check(text, { 'a.ts': A, 'b.ts': B }, ['a.ts'])
  })

  test('is followed further on, each file once, in circles too', () => {
    check(
      "import './a.ts'\nimport './b.ts'",
      {
        'a.ts': "import './b.ts'",
        'b.ts': "import './a.ts'\nimport './c/d.ts'",
        'c/d.ts': "import '../e.ts'",
        'e.ts': "import './1_m.ts'",
      },
      ['a.ts', 'b.ts', 'c/d.ts', 'e.ts'],
    )
  })

  test('is found without its ending, and under the one of JavaScript', () => {
    check("import './a'", { 'a.ts': A }, ['a.ts'])
    check("import './a.js'", { 'a.ts': A }, ['a.ts'])
    check("import './a.js'", { 'a.js': A, 'a.ts': B }, ['a.js'])
    check("import './a.mjs'", { 'a.mts': A }, ['a.mts'])
    check("import './a'", { 'a/index.ts': A }, ['a/index.ts'])
    check("import data from './a.json' with { type: 'json' }", { 'a.json': '{}' }, ['a.json'])
  })

  test('is not what comes from elsewhere or is not there', () => {
    check("import 'drizzle-orm'\nimport { sql } from 'drizzle-orm/sql'", { 'a.ts': A }, [])
    check("import './gone.ts'", { 'a.ts': A }, [])
    check("import '../outside.ts'", { 'a.ts': A }, [])
    check("const text = './a.ts'", { 'a.ts': A }, [])
  })
})

test('the checksum is that of the list which sha256sum prints', () => {
  const sources = [
    { path: 'a.ts', content: A },
    { path: 'b.ts', content: B },
  ]
  expect(importsChecksumOf(sources)).toBe('1cc87761734a63f93b030d5d41f91e8479d9e045634c4baa98bbcd19789b503d')
})

test('the checksum tells names and contents apart, and there is none without imports', () => {
  const sums = [
    importsChecksumOf([]),
    importsChecksumOf([{ path: 'a.ts', content: A }]),
    importsChecksumOf([{ path: 'a.ts', content: B }]),
    importsChecksumOf([{ path: 'b.ts', content: A }]),
  ]
  expect(sums[0]).toBeUndefined()
  expect(new Set(sums).size).toBe(4)
})
