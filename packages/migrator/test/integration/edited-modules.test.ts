import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { folderOf } from '../support/folder.ts'

const library = () => pathToFileURL(join(dirname(inject('bin')), '../index.js')).href

/** Runs a program in the folder with the built library: what Node remembers is remembered by a process. */
async function run(
  folder: string,
  program: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const text = `import * as library from '${library()}'
    import { readFileSync, writeFileSync } from 'node:fs'
    ${program}`
  const { PATH = '' } = process.env
  const started = promisify(execFile)(process.execPath, [...flags, '--input-type=module', '-e', text], {
    cwd: folder,
    env: { PATH, ...env },
  })
  return JSON.parse((await started).stdout)
}

const esm = (helper: string) => `import { word } from './${helper}'
  export const up = async () => 'm1' + word() + (await import('./${helper}')).word()
  export const down = () => {}`
const esmHelper = (deeper: string) => `import { deep } from './${deeper}'\nexport const word = () => 'h1' + deep`
const esmDeep = "export const deep = 'd1'"
const cjs = (helper: string) => `const { word } = require('./${helper}')
  exports.up = async () => 'm1' + word() + require('./${helper}').word()
  exports.down = () => {}`
const cjsHelper = (deeper: string) => `const { deep } = require('./${deeper}')\nexports.word = () => 'h1' + deep`
const cjsDeep = "exports.deep = 'd1'"

/** Every kind of module that imports each kind of helper, through two files. */
const kinds = [
  ...['ts', 'mts', 'js', 'mjs'].flatMap((module) =>
    ['ts', 'mts', 'js', 'mjs'].map((helper) => ({ module, helper, texts: [esm, esmHelper, esmDeep] as const })),
  ),
  ...['ts', 'mjs'].map((module) => ({ module, helper: 'cjs', texts: [esm, cjsHelper, cjsDeep] as const })),
  ...['cts', 'cjs'].map((module) => ({ module, helper: 'cjs', texts: [cjs, cjsHelper, cjsDeep] as const })),
]

const files = Object.fromEntries(
  kinds.flatMap(({ module, helper, texts: [root, middle, deep] }, at) => {
    const number = String(at + 1).padStart(4, '0')
    const [h, d] = [`lib/h${number}.${helper}`, `d${number}.${helper}`]
    return [
      [`m/${number}_from_${module}_to_${helper}.${module}`, root(h)],
      [`m/${h}`, middle(d)],
      [`m/lib/${d}`, deep],
    ]
  }),
)

const steps = `
  const words = async () => {
    const migrations = await library.loadMigrations('m')
    return Promise.all(migrations.map(async ({ id, up }) => [id, await up.run()]))
  }
  const edit = (name, from, to) => {
    for (const file of ${JSON.stringify(Object.keys(files))}.filter((each) => each.includes(name)))
      writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }
  const seen = [await words(), await words()]
  edit('lib/d', 'd1', 'd2'); seen.push(await words())
  edit('lib/h', 'h1', 'h2'); seen.push(await words())
  edit('m/0', 'm1', 'm2'); seen.push(await words())
  edit('lib/d', 'd2', 'd1'); seen.push(await words())
  edit('m/0', 'm2', 'm3'); seen.push(await words())
  console.log(JSON.stringify(seen))`

test.each([
  ['plain Node', []],
  ['tsx', ['--import', import.meta.resolve('tsx')]],
])('what is loaded again runs as it is now, with whatever it imports, under %s', async (_, flags) => {
  const folder = folderOf({ 'package.json': '{ "type": "module" }', ...files })
  const ids = Object.keys(files).flatMap((file) => /^m\/(\d\w+)\.\w+$/.exec(file)?.[1] ?? [])
  const all = (word: string) => ids.map((id) => [id, word])
  const both = (module: string, helper: string) => all(`${module}${helper}${helper}`)
  const states = [
    ['m1', 'h1d1'],
    ['m1', 'h1d1'],
    ['m1', 'h1d2'],
    ['m1', 'h2d2'],
    ['m2', 'h2d2'],
    ['m2', 'h2d1'],
    ['m3', 'h2d1'],
  ]
  const expected = states.map(([module = '', helper = '']) => both(module, helper))
  expect(await run(folder, steps, flags)).toEqual(expected)
})

test('the code that runs is that of the checksum on record', async () => {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  const folder = folderOf({
    'package.json': '{ "type": "module" }',
    'm/0001_a.mjs': `import { table } from './table.mjs'
      export const up = (db) => db.execute('CREATE TABLE ' + table + ' (id int)')
      export const down = (db) => db.execute('DROP TABLE ' + table)`,
    'm/table.mjs': "export const table = 'one'",
  })
  const program = `
    const adapter = new library.PostgresAdapter({ connectionString: process.env.DATABASE_URL })
    const runner = new library.MigrationRunner({ adapter, migrationsDirectory: 'm' })
    await runner.apply()
    await runner.rollback()
    writeFileSync('m/table.mjs', "export const table = 'two'")
    await runner.apply()
    const [status] = (await runner.status()).migrations
    await adapter.close()
    console.log(JSON.stringify({ recorded: status.entry.importsChecksum, now: status.file.importsChecksum, state: status.state }))`
  const { recorded, now, state } = await run(folder, program, [], { DATABASE_URL: db.url })
  expect(state).toBe('applied')
  expect(recorded).toBe(now)
  expect(await db.sql`SELECT to_regclass('one') AS one, to_regclass('two') AS two`).toEqual([{ one: null, two: 'two' }])
})

test('a module that is edited while the migrations are loaded is refused', async () => {
  const folder = folderOf({
    'package.json': '{ "type": "module" }',
    'm/0001_a.mjs': "import './h.mjs'\nexport const up = () => {}\nexport const down = () => {}",
    'm/h.mjs': '1',
  })
  const program = `
    const { files: [file] } = library.readDirectory('m')
    writeFileSync('m/h.mjs', '2')
    const error = await file.load().catch((error) => error)
    console.log(JSON.stringify({ code: error.code, message: error.message }))`
  expect(await run(folder, program, [])).toEqual({
    code: 'MIGRATION_FILES_INVALID',
    message: expect.stringContaining('h.mjs was edited while the migrations were being loaded'),
  })
})

test('loading the same files again and again keeps nothing', async () => {
  const text = `export const up = () => {}\nexport const down = () => {}\n// ${'x'.repeat(100_000)}`
  const folder = folderOf({
    'package.json': '{ "type": "module" }',
    'm/0001_a.ts': text,
    'm/0002_b.mjs': text,
    'm/0003_c.cjs': `exports.up = () => {}\nexports.down = () => {}\n// ${'x'.repeat(100_000)}`,
  })
  const program = `
    const load = async (times) => { for (let n = 0; n < times; n++) await library.loadMigrations('m'); gc(); return process.memoryUsage().heapUsed }
    const before = await load(20)
    console.log(JSON.stringify({ grown: (await load(100)) - before }))`
  const { grown } = await run(folder, program, ['--expose-gc'])
  expect(grown).toBeLessThan(3_000_000)
})
