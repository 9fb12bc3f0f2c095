import type { Argv } from 'yargs'
import { withSession } from '../../operations/begin-run.ts'
import { type LogRow, logTableOf, readLog } from '../../postgres/log-table.ts'
import { duration, type Style, table } from '../../report/style.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, commonOptions } from '../options.ts'
import { readCount } from '../values.ts'
import { createWorld } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface HistoryFlags extends CommonFlags {
  readonly limit: string
}

export const historyCommand = (cli: Cli) => ({
  command: 'history',
  describe: 'Show what ran, when and by whom',
  builder: (yargs: Argv) =>
    commonOptions(yargs)
      .usage(
        `${cli.invocation.command('history')} [options]\n\nShow what ran, when and by whom: every attempt, failures and rollbacks too, the newest first.`,
      )
      .option('limit', { type: 'string', default: '30', requiresArg: true, describe: 'How many lines' })
      .example(`${cli.invocation.command('history')} --limit 5`, 'the last five'),
  handler: (flags: HistoryFlags) =>
    cli.run(flags, async (surroundings) => {
      const limit = readCount('limit', flags.limit) ?? 30
      const world = await createWorld(flags, surroundings)
      try {
        const rows = await withSession(world.context, (session) =>
          readLog(session, logTableOf(world.database.historyTable), limit),
        )
        const body = rows.length === 0 ? 'Nothing has run yet.' : historyTable(rows, world.output.style)
        return { document: { entries: rows }, text: [headline(world), '', body].join('\n') }
      } finally {
        await world.close()
      }
    }),
})

function historyTable(rows: readonly LogRow[], style: Style): string {
  const { colours } = style
  const paint = { error: colours.red, warn: colours.yellow } as Readonly<Record<string, (text: string) => string>>
  const cells = rows.map((row) => [
    { text: row.loggedAt.replace('T', ' ').replace(/\.\d+Z$/, '') },
    { text: row.message, ...(paint[row.level] ? { paint: paint[row.level] } : {}) },
    { text: row.version ?? '' },
    { text: row.direction ?? '' },
    { text: duration(row.durationMs) },
    { text: who(row.operator) },
    { text: row.reason ?? '' },
  ])
  return table(['at (UTC)', 'what', 'migration', 'type', 'took', 'by', 'reason'], cells as never, style)
}

function who(operator: unknown): string {
  const { user, host } = (operator ?? {}) as { user?: string; host?: string }
  return [user, host].filter(Boolean).join('@')
}
