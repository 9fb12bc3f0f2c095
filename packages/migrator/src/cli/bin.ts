#!/usr/bin/env node
import module from 'node:module'

// Node 22.8 and later keep compiled code from one start to the next, for what is imported after this call. The types are Node 20's.
const { enableCompileCache } = module as { enableCompileCache?: () => unknown }
enableCompileCache?.()
const { runCli } = await import('./index.ts')
await runCli({ argv: process.argv.slice(2) })
