// Bundles the declarations of what a program may import into dist: `node build-types.mjs`. Emitted one by one they would be
// some four hundred files, nearly all of them of internals that no program can import.
import { join } from 'node:path'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { entryPoints } from './entry-points.mjs'

process.chdir(import.meta.dirname)

const bundle = await rollup({
  input: entryPoints,
  external: /^[^./]/,
  plugins: [dts({ tsconfig: 'tsconfig.build.json' })],
  onwarn: ({ message }) => {
    // Not every type of a port that is public has a public name of its own.
    if (!message.includes('private shared type exports')) throw new Error(message)
  },
})
await bundle.write({
  dir: join(import.meta.dirname, 'dist'),
  entryFileNames: '[name].d.ts',
  chunkFileNames: 'chunks/[name]-[hash].d.ts',
})
