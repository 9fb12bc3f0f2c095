// The `db:*` scripts of this package and of the repository's root: src/cli.ts, bundled with the engine after a change.
import { join } from 'node:path'
import { builtProgram } from '@repo/migrator/program'

process.chdir(join(import.meta.dirname, '..'))
const program = await builtProgram('src/cli.ts').catch((error) => {
  process.stderr.write(`✗ The db:* commands could not be built: ${error.message}\n`)
  process.exitCode = 1
})
if (program !== undefined) await import(program)
