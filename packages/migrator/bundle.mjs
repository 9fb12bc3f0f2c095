// How the engine is bundled: for publishing by build.mjs, for the programs of this repository by program.mjs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8'))

/** What is found at run time where the package is installed; all else becomes part of the bundle. */
const external = Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => [name, `${name}/*`])

/** What else decides what a bundle holds: it is another one when these change. */
export const bundling = [import.meta.filename, join(import.meta.dirname, 'package.json')]

/** Programs that are started, and never imported. The engine looks for them one folder above its chunks, or beside itself. */
export const startedPrograms = {
  'process-to-kill': 'src/process-to-kill.ts',
  'embedded-watchdog': 'src/embedded-watchdog.ts',
}

/** Bundles these entry points, a name → a source, into a folder. Resolves with what went into it. */
export async function bundle(entryPoints, outdir) {
  const { metafile } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints,
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    sourcemap: true,
    metafile: true,
    external,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    logLevel: 'warning',
  })
  return metafile
}
