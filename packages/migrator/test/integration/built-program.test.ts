import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const START = `import { builtProgram } from '${pathToFileURL(join(import.meta.dirname, '../../program.mjs')).href}'
const url = await builtProgram('program.ts')
console.log(url)
await import(url)
`
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'built-program-'))
  await writeFile(join(folder, 'start.mjs'), START)
  await writeFile(join(folder, 'program.ts'), `import { word } from './word.ts'\nconsole.log(word satisfies string)\n`)
  await writeFile(join(folder, 'word.ts'), `export const word = 'before'\n`)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What was started, and what it said. */
async function start(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['start.mjs'], { cwd: folder })
  return stdout.trim().split('\n')
}

test('a program is bundled once, and again after a file that it imports has changed', async () => {
  const first = await start()
  expect(first[1]).toBe('before')
  expect(await start()).toEqual(first)
  await writeFile(join(folder, 'word.ts'), `export const word = 'afterwards'\n`)
  const changed = await start()
  expect(changed[1]).toBe('afterwards')
  expect(changed[0]).not.toBe(first[0])
  expect(await start()).toEqual(changed)
})

test('programs that start at once and have to be bundled all run', async () => {
  const said = await Promise.all([start(), start(), start()])
  expect(said.map(([, word]) => word)).toEqual(['before', 'before', 'before'])
  expect(said.map(([url]) => url)).toContain((await start())[0])
})

test('a source that does not compile is named, and is bundled as soon as it does', async () => {
  await writeFile(join(folder, 'word.ts'), 'export const word = \n')
  await expect(start()).rejects.toThrow(/word\.ts:\d/)
  await writeFile(
    join(folder, 'word.ts'),
    await readFile(join(folder, 'word.ts'), 'utf8').then((text) => `${text}'whole'`),
  )
  expect((await start())[1]).toBe('whole')
})
