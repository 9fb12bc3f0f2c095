import { runCli } from '@repo/migrator/cli'
import config from '../migrator.config.ts'

/** The engine's commands over this package's configuration. bin/db.mjs starts it, in this package's folder. */
await runCli({
  argv: process.argv.slice(2),
  config: { config, directory: process.cwd() },
  called: 'scripts',
})
