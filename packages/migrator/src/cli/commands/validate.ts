import type { Argv } from 'yargs'
import { invalidFiles } from '../../core/file-problem.ts'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import { readDirectory } from '../../load/directory.ts'
import { type ValidateReport, validateFiles, validateWithHistory } from '../../operations/validate.ts'
import { statusJson } from '../../report/status-json.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, commonOptions } from '../options.ts'
import type { Outcome } from '../output.ts'
import { createWorld, migrationsDirectoryOf, type Surroundings } from '../wiring.ts'

export const validateCommand = (cli: Cli) => ({
  command: 'validate',
  describe: 'Load and check every migration; compare with the history where DATABASE_URL names a database',
  builder: (yargs: Argv) =>
    commonOptions(yargs)
      .usage(
        `${cli.invocation.command('validate')} [options]\n\nLoad every migration and check names, order, options and SQL. Needs no database.`,
      )
      .example(cli.invocation.command('validate'), 'in CI, before anything is deployed'),
  handler: (flags: CommonFlags) =>
    cli.run(flags, async (surroundings) => {
      const report = await validate(flags, surroundings)
      return outcomeOf(report)
    }),
})

async function validate(flags: CommonFlags, surroundings: Surroundings): Promise<ValidateReport> {
  const named = flags.databaseUrl ?? surroundings.env.databaseUrl ?? surroundings.config.config.databaseUrl
  if (named === undefined) return validateFiles(readDirectory(migrationsDirectoryOf(flags, surroundings)))
  const world = await createWorld(flags, surroundings)
  try {
    return await validateWithHistory(world.context, world.set)
  } finally {
    await world.close()
  }
}

function outcomeOf({ count, problems, drift, database }: ValidateReport): Outcome {
  const document = { count, database, problems, drift: drift.map(statusJson) }
  if (problems.length > 0) return { document, text: '', error: invalidFiles(problems) }
  if (drift.length > 0) {
    const told = drift.map(({ id, state }) => `${id} is ${state}`).join(', ')
    const code = drift.some(({ state }) => state === 'changed')
      ? 'CHECKSUM_MISMATCH'
      : drift[0]?.state === 'dirty'
        ? 'MIGRATION_DIRTY'
        : drift[0]?.state === 'missing'
          ? 'MIGRATION_MISSING'
          : 'OUT_OF_ORDER'
    return { document, text: '', error: new MigratorError(code, `Files and history differ: ${told}.`) }
  }
  const compared = database === 'checked' ? ', and they agree with the history' : ''
  return { document, text: `${plural(count, 'migration is', 'migrations are')} valid${compared}.` }
}
