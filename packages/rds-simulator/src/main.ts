// `pnpm --filter @repo/rds-simulator start`. Only this file works on import.
import { runCli } from './cli.ts'

process.exitCode = await runCli(process.argv.slice(2))
