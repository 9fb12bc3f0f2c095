import { execFile } from 'node:child_process'
import { mkdir, readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from './until.ts'

const run = promisify(execFile)
const packageDirectory = join(import.meta.dirname, '../..')

/** Packing builds `dist` anew: one file at a time. */
const yes = () => true
const no = () => undefined
const turn = join(packageDirectory, 'node_modules/.packing')

/** Packs the engine as it would be published, into a folder; returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
  await until('no other test is packing', () => mkdir(turn).then(yes, no), 300_000)
  try {
    await run('pnpm', ['pack', '--pack-destination', folder], { cwd: packageDirectory })
  } finally {
    await rmdir(turn)
  }
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error(`pnpm pack wrote no tarball into ${folder}`)
  return join(folder, tarball)
}
