import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { node, run } from './process.ts'

const MIGRATOR = join(import.meta.dirname, '../../migrator')

/**
 * Builds the engine to plain JavaScript as its package is published, from the sources as they are now, below the scratch
 * folder: an older `dist` is neither measured nor touched. Returns the program's path.
 */
export async function buildMigrator(scratch: string): Promise<string> {
  const folder = join(scratch, 'built')
  await run(node(join(MIGRATOR, 'build.mjs'), [join(folder, 'dist')], scratch), scratch)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(join(MIGRATOR, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'dist/cli/bin.js')
}
