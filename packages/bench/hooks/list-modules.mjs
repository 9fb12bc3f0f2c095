// Preloaded into a listed process: appends every resolved ESM module at once, and all CommonJS modules at its end.
import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  register('./record-resolved.mjs', import.meta.url)
  process.on('exit', () => appendFileSync(process.env.BENCH_MODULES, `${Object.keys(Module._cache).join('\n')}\n`))
}
