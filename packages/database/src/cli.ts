import { fileURLToPath } from 'node:url'
import { runCli } from '@repo/migrator/cli'
import config from '../migrator.config.ts'

/** The `db:*` scripts of package.json: the engine's commands over this package's configuration. */
await runCli({
  argv: process.argv.slice(2),
  config: { config, directory: fileURLToPath(new URL('..', import.meta.url)) },
  called: 'scripts',
})
