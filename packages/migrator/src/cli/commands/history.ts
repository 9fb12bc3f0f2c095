import type { Argv } from 'yargs'
import { sizeText } from '../../core/figures.ts'
import { withSession } from '../../engine/run/begin.ts'
import type { BackupRecord } from '../../ports/backup.ts'
import type { LogRow } from '../../ports/events.ts'
import { backupJson } from '../../report/run-json.ts'
import { duration, moment, type Style, table } from '../../report/style.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, databaseOption } from '../options.ts'
import { readCount } from '../values.ts'
import { createDatabaseContext } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface HistoryFlags extends CommonFlags {
  readonly limit: string
}

export const historyCommand = (cli: Cli) => ({
  command: 'history',
  describe: 'Show what ran, when, and by whom',
  builder: (yargs: Argv) =>
    databaseOption(yargs)
      .usage(
        `${cli.invocation.command('history')} [options]\n\nShow what ran, when, and by whom, newest first: every attempt, including failures and rollbacks.`,
      )
      .option('limit', { type: 'string', default: '30', requiresArg: true, describe: 'Number of lines' })
      .example(`${cli.invocation.command('history')} --limit 5`, 'show the last five'),
  handler: (flags: HistoryFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const limit = readCount('limit', flags.limit) ?? 30
      const command = await createDatabaseContext(flags, environment)
      try {
        const { output } = command
        const { database } = command.context
        const { rows, backups } = await withSession(command.context, async (session) => ({
          rows: (await database.readLog?.(session, limit)) ?? [],
          backups: (await database.backupStore?.read(session, limit)) ?? [],
        }))
        const body = rows.length === 0 ? 'Nothing has been run yet.' : historyTable(rows, output.style)
        const below = backups.length === 0 ? [] : ['', 'Backups:', '', backupsTable(backups, output.style)]
        return {
          document: { entries: rows, backups: backups.map(backupJson) },
          text: [headline(command), '', body, ...below].join('\n'),
        }
      } finally {
        await command.close()
      }
    }),
})

function historyTable(rows: readonly LogRow[], style: Style): string {
  const { colours } = style
  const paint = { error: colours.red, warn: colours.yellow } as Readonly<Record<string, (text: string) => string>>
  const cells = rows.map((row) => [
    { text: moment(row.loggedAt) },
    { text: row.message, ...(paint[row.level] ? { paint: paint[row.level] } : {}) },
    { text: row.version ?? '' },
    { text: row.direction ?? '' },
    { text: duration(row.durationMs) },
    { text: who(row.operator) },
    { text: row.reason ?? '' },
  ])
  return table(['at (UTC)', 'what', 'migration', 'type', 'took', 'by', 'reason'], cells as never, style)
}

function backupsTable(backups: readonly BackupRecord[], style: Style): string {
  const rows = backups.map((backup) => [
    { text: moment(backup.createdAt) },
    { text: backup.id },
    { text: backup.provider },
    { text: backup.state },
    { text: backup.sizeBytes === undefined ? '' : sizeText(backup.sizeBytes) },
    { text: backup.migration ?? (backup.details?.migrations as readonly string[] | undefined)?.join(', ') ?? '' },
    { text: backup.runId.slice(0, 8) },
  ])
  return table(['at (UTC)', 'backup', 'by', 'state', 'size', 'before', 'run'], rows, style)
}

function who(operator: unknown): string {
  const { user, host } = (operator ?? {}) as { user?: string; host?: string }
  return [user, host].filter(Boolean).join('@')
}
