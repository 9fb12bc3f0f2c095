// Programs of this repository over the engine, bundled when they are started after a change. Plain JavaScript in a few files
// starts three times sooner than a hundred files of TypeScript through tsx.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Where the packages that the engine imports at run time are found from. */
const CACHE = join(import.meta.dirname, 'node_modules/.cache/programs')
const DAY_MS = 86_400_000

/**
 * Returns the URL of this program, bundled with the engine; bundles it anew when a file that went into it has changed. Two
 * that start at once both bundle, each into a folder of its own. Rejects when a source does not compile or the folder
 * cannot be written.
 */
export async function builtProgram(source) {
  const path = resolve(source)
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  const record = join(CACHE, `${name}.json`)
  const current = read(record)
  const folder = current && isFresh(current) ? current.folder : await build(path, name, record)
  return pathToFileURL(join(CACHE, folder, 'program.js')).href
}

function read(record) {
  return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined
}

function isFresh({ folder, inputs }) {
  return existsSync(join(CACHE, folder)) && Object.entries(inputs).every(([path, stamp]) => stampOf(path) === stamp)
}

function stampOf(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.mtimeMs} ${found.size}`
}

async function build(source, name, record) {
  const { rename, writeFile } = await import('node:fs/promises')
  const { bundle, bundling, startedPrograms } = await import('./bundle.mjs')
  const folder = `${name}-${randomUUID()}`
  const began = Date.now()
  const { inputs } = await bundle({ program: source, ...startedPrograms }, join(CACHE, folder))
  const paths = [...Object.keys(inputs).map((path) => join(import.meta.dirname, path)), ...bundling]
  // What was edited while it was bundled may be in it or not: it has no stamp, so the next start bundles again.
  const stamps = paths.map((path) => [path, statSync(path).mtimeMs < began ? stampOf(path) : null])
  const written = join(CACHE, folder, 'program.json')
  await writeFile(written, JSON.stringify({ source, folder, inputs: Object.fromEntries(stamps) }))
  await rename(written, record)
  await removeOld()
  return folder
}

/** Bundles that no program uses any more, and those of programs that are gone. What still runs has begun within a day. */
async function removeOld() {
  const { rm } = await import('node:fs/promises')
  const names = readdirSync(CACHE)
  const records = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, read(join(CACHE, name))])
    .filter(([, found]) => found !== undefined)
  const gone = records.filter(([, { source }]) => !existsSync(source))
  const kept = new Set(records.filter((each) => !gone.includes(each)).map(([, { folder }]) => folder))
  const old = names.filter((name) => {
    const { mtimeMs = Date.now() } = statSync(join(CACHE, name), { throwIfNoEntry: false }) ?? {}
    return !name.endsWith('.json') && !kept.has(name) && Date.now() - mtimeMs > DAY_MS
  })
  for (const name of [...gone.map(([name]) => name), ...old]) {
    await rm(join(CACHE, name), { recursive: true, force: true })
  }
}
