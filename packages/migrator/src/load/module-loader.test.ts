import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { importDefault, importFile } from './module-loader.ts'

const ESM = "export const up = () => 'up'\n"
const CJS = "exports.up = () => 'up'\n"

const packages = { 'type: module': '{"type":"module"}', 'type: commonjs': '{"type":"commonjs"}', 'no type': '{}' }

describe.each(Object.entries(packages))('in a package with %s', (_, manifest) => {
  const check = async (name: string, text: string, more: Readonly<Record<string, string>> = {}) => {
    const folder = folderOf({ 'package.json': manifest, [`a folder/${name}`]: text, ...more })
    const { up } = await importFile(join(folder, 'a folder', name))
    expect((up as () => string)()).toBe('up')
  }

  test.each(['m.ts', 'm.mts', 'm.js', 'm.mjs'])('%s may be an ES module', (name) => check(name, ESM))
  test.each(['m.ts', 'm.cts', 'm.js', 'm.cjs'])('%s may be a CommonJS module', (name) => check(name, CJS))

  test('TypeScript may await at the top, and import JSON and TypeScript by either ending', () =>
    check(
      'm.ts',
      `import data from './data.json'
       import { helper } from './helper.js'
       import { other } from './other'
       const word: string = await Promise.resolve(data.word)
       export const up = (): string => helper(other(word))`,
      {
        'a folder/data.json': '{ "word": "up" }',
        'a folder/helper.ts': 'export const helper = (word: string): string => word',
        'a folder/other.ts': 'export enum Word { Up }\nexport const other = (word: string): string => word',
      },
    ))

  test('the path aliases of the nearest tsconfig.json lead where they should', () =>
    check('m.ts', "import { word } from '@lib/word'\nexport const up = (): string => word", {
      'tsconfig.json': '{ // comments are allowed\n "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
      'lib/word.ts': "export const word: string = 'up'",
    }))

  test('a tsconfig.json that extends what is not installed is no obstacle', () =>
    check('m.ts', ESM, { 'tsconfig.json': '{ "extends": "@acme/tsconfig/base.json" }' }))
})

test('a package of the workspace may be TypeScript', async () => {
  const folder = folderOf({
    'node_modules/@acme/x/package.json': '{"name":"@acme/x","type":"module","exports":"./src/index.ts"}',
    'node_modules/@acme/x/src/index.ts': "export const x: string = 'x'",
    'm.ts': "import { x } from '@acme/x'\nexport const up = (): string => x",
  })
  expect(((await importFile(join(folder, 'm.ts'))).up as () => string)()).toBe('x')
})

test('an edited TypeScript module loads as it is now, and so does what it imports', async () => {
  const folder = folderOf({ 'm.ts': "export { h as up } from './h.ts'", 'h.ts': 'export const h = (): number => 1' })
  const load = async () => ((await importFile(join(folder, 'm.ts'))).up as () => number)()
  expect(await load()).toBe(1)
  writeFileSync(join(folder, 'h.ts'), 'export const h = (): number => 2')
  expect(await load()).toBe(2)
})

test('the default export is that of an ES module, or module.exports', async () => {
  const check = async (name: string, text: string) =>
    expect(await importDefault(join(folderOf({ [name]: text }), name))).toEqual({ migrations: 'm' })
  await check('c.ts', "export default { migrations: 'm' } satisfies object")
  await check('c.mjs', "export default { migrations: 'm' }")
  await check('c.cjs', "module.exports = { migrations: 'm' }")
  await check('c.cjs', "exports.__esModule = true; exports.default = { migrations: 'm' }")
  await check('c.cts', "module.exports = { migrations: 'm' as string }")
})
