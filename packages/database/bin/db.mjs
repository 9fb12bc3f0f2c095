// The `db:*` scripts of this package and of the repository's root: src/cli.ts, bundled with the engine after a change.
import { join } from 'node:path'
import { builtProgram } from '@repo/migrator/program'

process.chdir(join(import.meta.dirname, '..'))
const program = await builtProgram('src/cli.ts').catch(fromSources)
if (program !== undefined) await import(program)

/** An installation for production lacks the bundler, and a read-only one has no place for its output. */
async function fromSources(error) {
  const [why] = error.message.split('\n')
  if (Array.isArray(error.errors)) {
    process.stderr.write(`✗ The db:* commands could not be built: ${error.message}\n`)
    process.exitCode = 1
    return undefined
  }
  process.stderr.write(
    `Note: the db:* commands could not be bundled (${why}). They run from their sources and start slower.\n`,
  )
  const { register } = await import('tsx/esm/api')
  register()
  return new URL('../src/cli.ts', import.meta.url).href
}
