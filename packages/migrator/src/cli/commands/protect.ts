import type { Argv } from 'yargs'
import { protect, unprotect } from '../../engine/protection/protection.ts'
import { askedName } from '../approval.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, databaseOption } from '../options.ts'
import { invalid } from '../values.ts'
import { createDatabaseContext } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface ProtectFlags extends CommonFlags {
  readonly remove?: boolean
  readonly confirm?: string
}

export const protectCommand = (cli: Cli) => ({
  command: 'protect',
  describe: 'Mark the database as protected, whatever its address; --remove removes the mark',
  builder: (yargs: Argv) =>
    databaseOption(yargs)
      .usage(
        `${cli.invocation.command('protect')} [options]\n\nMark the database itself as protected. The mark takes precedence over the configuration and over the database's address.`,
      )
      .option('remove', { type: 'boolean', default: false, describe: 'Remove the mark' })
      .option('confirm', { type: 'string', requiresArg: true, describe: "The database's name, for --remove" })
      .example(cli.invocation.command('protect'), 'a production database behind a tunnel on localhost')
      .example(`${cli.invocation.command('protect')} --remove --confirm app`, 'a copy that came with the mark'),
  handler: (flags: ProtectFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      if (!flags.remove && flags.confirm !== undefined) throw invalid('--confirm belongs to --remove.')
      const command = await createDatabaseContext(flags, environment)
      try {
        if (flags.remove) {
          const { database } = await command.protection()
          const name =
            flags.confirm ?? (await askedName(command, `This removes the protection of the database "${database}".`))
          await unprotect(command.database, name)
        } else {
          await protect(command.context)
        }
        const told = flags.remove ? 'The mark was removed.' : 'It is marked as protected.'
        return { document: { marked: !flags.remove }, text: [headline(command), told].join('\n') }
      } finally {
        await command.close()
      }
    }),
})
