import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/node-majors')

/** The `node` binary of that major. npm installs it at the first use; later runs share it. */
export async function nodeOf(major: string): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const folder = join(CACHE, major)
  const binary = join(folder, 'node_modules/node/bin/node')
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `node@${major}`], { cwd: folder })
  }
  return binary
}
