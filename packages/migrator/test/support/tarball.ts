import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const packageDirectory = join(import.meta.dirname, '../..')

/** Packs the engine as it would be published, into a folder; returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: packageDirectory })
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error(`pnpm pack wrote no tarball into ${folder}`)
  return join(folder, tarball)
}
