import { symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { node, run } from './process.ts'

const MIGRATOR = join(import.meta.dirname, '../../migrator')

/**
 * Builds the engine to plain JavaScript as its package is published, from the sources as they are now, below the scratch
 * folder: an older `dist` is neither measured nor touched. Returns the program's path.
 */
export async function buildMigrator(scratch: string): Promise<string> {
  const folder = join(scratch, 'built')
  const compiler = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
  const project = ['-p', join(MIGRATOR, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
  await run(node(compiler, [...project, '--noCheck', '--declaration', 'false'], scratch), scratch)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(join(MIGRATOR, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'dist/cli/bin.js')
}
