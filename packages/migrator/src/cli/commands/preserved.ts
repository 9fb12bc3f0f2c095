import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { sentence } from '../../core/sentence.ts'
import { listPreserved, type PreservedRows, settlePreserved, showPreserved } from '../../engine/loss/preserved.ts'
import { MigratorError } from '../../errors.ts'
import type { KeptChoice, KeptCopy } from '../../ports/kept-data.ts'
import { keyText } from '../../report/kept-text.ts'
import { moment, type Style, table } from '../../report/style.ts'
import { approveOverwrite } from '../approval.ts'
import type { Cli } from '../command.ts'
import type { DatabaseContext } from '../command-context.ts'
import { type CommonFlags, databaseOption, livenessOption, reasonOption, yesOption } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { invalid, readCount } from '../values.ts'
import { createDatabaseContext, runOptionsOf } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface PreservedFlags extends CommonFlags {
  readonly what: 'list' | 'show' | 'apply' | 'drop'
  readonly id?: string
  readonly key?: string
  readonly limit?: string
  readonly check?: boolean
  readonly dryRun?: boolean
  readonly lockWait?: string
  readonly livenessTimeout?: string
  readonly reason?: string
  readonly yes: boolean
  readonly confirm?: string
}

export const preservedCommand = (cli: Cli) => ({
  command: 'preserved <what> [id]',
  describe: 'List, show, apply or drop data that rollbacks preserved and that was not restored',
  builder: (yargs: Argv) =>
    yesOption(
      reasonOption(livenessOption(databaseOption(yargs))),
      'Skip the confirmation prompt (not on a protected database)',
    )
      .usage(
        `${cli.invocation.command('preserved')} list|show|apply|drop [ID] [options]\n\nSettle what --preserve-data kept and the next migrate did not restore, because newer values exist or because it no longer fits. Values are never printed, only digests of them.`,
      )
      .positional('what', { choices: ['list', 'show', 'apply', 'drop'] as const, demandOption: true })
      .positional('id', { type: 'string', describe: 'show, apply, drop: the id that list shows' })
      .option('key', {
        type: 'string',
        requiresArg: true,
        describe: 'Only the rows with COLUMN=VALUE; several columns as a JSON object',
      })
      .option('limit', { type: 'string', requiresArg: true, describe: 'show: number of rows (default: 50)' })
      .option('check', { type: 'boolean', default: false, describe: 'list: exit with 5 if anything was left' })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'apply, drop: show how many rows; change nothing',
      })
      .option('lock-wait', {
        type: 'string',
        requiresArg: true,
        describe: 'How long to wait for another run to finish (default: 30s)',
      })
      .option('confirm', {
        type: 'string',
        requiresArg: true,
        describe: 'Name of the database, to confirm changes to a protected one',
      })
      .example(`${cli.invocation.command('preserved')} list`, 'what is preserved, and why it was left')
      .example(`${cli.invocation.command('preserved')} show 3`, 'its rows, beside what the table holds now')
      .example(
        `${cli.invocation.command('preserved')} apply 3 --key user_id=42`,
        'write one preserved row over the newer one',
      )
      .example(`${cli.invocation.command('preserved')} drop 3`, 'keep what the table holds'),
  handler: (flags: PreservedFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      checkFlags(flags)
      const command = await createDatabaseContext(flags, environment)
      try {
        if (flags.what === 'list') return await list(command, flags)
        const choice = { id: flags.id ?? '', key: readKey(flags.key) }
        return flags.what === 'show' ? await show(command, flags, choice) : await settle(command, flags, choice)
      } finally {
        await command.close()
      }
    }),
})

/** Each of these belongs to some of the four. */
function checkFlags({ what, id, key, limit, check, dryRun, yes, confirm, reason }: PreservedFlags): void {
  if (what === 'list' && id !== undefined) throw invalid(`preserved list takes no argument "${id}".`)
  if (what !== 'list' && !id) throw invalid(`preserved ${what} needs an ID.`, 'db:preserved list shows the ids.')
  const settles = ['apply', 'drop']
  const owners = [
    [key !== undefined, '--key', ['show', ...settles]],
    [limit !== undefined, '--limit', ['show']],
    [check, '--check', ['list']],
    [dryRun, '--dry-run', settles],
    [yes, '--yes', settles],
    [confirm !== undefined, '--confirm', settles],
    [reason !== undefined, '--reason', settles],
  ] as const
  for (const [given, flag, commands] of owners)
    if (given && !commands.some((each) => each === what))
      throw invalid(`${flag} belongs to preserved ${commands.join(', ')}.`)
}

/** `id=42`, or `{"tenant": 1, "id": 42}`. */
function readKey(text: string | undefined): KeptChoice['key'] {
  if (text === undefined) return {}
  const wrong = () =>
    invalid(`--key must be COLUMN=VALUE, or a JSON object of them (got ${text === '' ? 'nothing' : text}).`)
  if (!text.startsWith('{')) {
    const at = text.indexOf('=')
    if (at < 1) throw wrong()
    return { [text.slice(0, at)]: text.slice(at + 1) }
  }
  try {
    const values = Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>)
    if (values.length === 0 || values.some(([, value]) => typeof value !== 'string' && typeof value !== 'number'))
      throw wrong()
    return Object.fromEntries(values.map(([name, value]) => [name, String(value)]))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw wrong()
    throw cause
  }
}

async function list(command: DatabaseContext, { check }: PreservedFlags): Promise<Outcome> {
  const preserved = await listPreserved(command.context)
  const left = preserved.filter(({ state }) => state === 'left')
  const [first] = left
  const body = preserved.length === 0 ? ['Nothing is preserved.'] : [listTable(preserved, command.output.style)]
  const next = first
    ? [
        '',
        nextCommands(command.output, [[`db:preserved show ${first.id}`, 'its rows, beside what the table holds now']]),
      ]
    : []
  return {
    document: { preserved },
    text: [headline(command), '', ...body, ...next].join('\n'),
    ...(check && first ? { error: leftOver(left) } : {}),
  }
}

function leftOver(left: readonly KeptCopy[]): MigratorError {
  const named = left.slice(0, 5).map(({ id, table: name, rows }) => `${id} (${plural(rows, 'row', 'rows')} of ${name})`)
  const more = left.length > 5 ? ` and ${left.length - 5} more` : ''
  return new MigratorError('CHECK_FAILED', `Preserved data was not restored: ${named.join(', ')}${more}.`, {
    hint: 'db:preserved show ID shows it; db:preserved apply ID or drop ID settles it.',
    details: { ids: left.map(({ id }) => id) },
  })
}

function listTable(preserved: readonly KeptCopy[], style: Style): string {
  const rows = preserved.map(({ id, state, table: name, columns, rows: count, migration, preservedAt, why }) => [
    { text: id },
    { text: state },
    { text: columns ? `${name} (${columns.join(', ')})` : name },
    { text: String(count) },
    { text: migration },
    { text: moment(preservedAt) },
    { text: why ?? '' },
  ])
  return table(['id', 'state', 'of', 'rows', 'migration', 'at (UTC)', 'why'], rows, style)
}

async function show(command: DatabaseContext, flags: PreservedFlags, choice: KeptChoice): Promise<Outcome> {
  const limit = readCount('limit', flags.limit) ?? 50
  const found = await showPreserved(command.context, runOptionsOf(flags, command.config), choice, limit)
  const { copy, rows, conflicts } = found
  const { id, state, table: name, migration, why } = copy
  const lines = [
    headline(command),
    '',
    `${plural(rows, 'row', 'rows')} of ${name}, preserved by the rollback of ${migration} in ${copy.copy} (${state})`,
    ...(why === undefined ? [] : [`Not restored: ${why}.`]),
  ]
  if (conflicts.length > 0) lines.push('', conflictTable(found, command.output.style))
  else if (rows > 0) lines.push('Its rows cannot be compared with the table: no key of it identifies them.')
  if (conflicts.length === limit && rows > limit) lines.push(`The first ${limit}; --limit shows more.`)
  const settling = [
    [`db:preserved apply ${id}`, 'write them over what the table holds now'],
    [`db:preserved drop ${id}`, 'keep what the table holds, and remove them'],
  ] as const
  if (state === 'left') lines.push('', nextCommands(command.output, settling))
  return { document: { preserved: copy, rows, conflicts }, text: lines.join('\n') }
}

function conflictTable({ conflicts }: PreservedRows, style: Style): string {
  const rows = conflicts.map(({ key, columns, kept, now }) => [
    { text: keyText(key) },
    { text: now === null ? '' : columns.join(', ') },
    { text: kept },
    { text: now ?? 'no such row' },
  ])
  return table(['row', 'differs in', 'kept (digest)', 'now (digest)'], rows, style)
}

async function settle(command: DatabaseContext, flags: PreservedFlags, choice: KeptChoice): Promise<Outcome> {
  const options = runOptionsOf(flags, command.config)
  const what = flags.what === 'drop' ? 'drop' : 'apply'
  if (flags.dryRun) {
    const { copy, rows } = await showPreserved(command.context, options, choice, 0)
    const text = `Would ${what} ${plural(rows, 'row', 'rows')} of ${copy.table}; nothing was changed.`
    return { document: { preserved: copy, dryRun: true, rows }, text: [headline(command), text].join('\n') }
  }
  const report = await settlePreserved(command.context, options, {
    what,
    choice,
    approve: ({ copy, rows }) => approveOverwrite(command, approvalText(command, what, copy, rows), flags),
  })
  const { copy, rows, left, message } = report
  const rest =
    left === 0 ? 'Nothing of it is left in the archive.' : `${plural(left, 'row', 'rows')} stay in ${copy.copy}.`
  return {
    document: { preserved: copy, dryRun: false, rows, left },
    text: [
      headline(command),
      `${sentence(message)} ${rest}`,
      '',
      nextCommands(command.output, [['db:preserved list', 'what is still preserved']]),
    ].join('\n'),
  }
}

function approvalText(command: DatabaseContext, what: 'apply' | 'drop', copy: KeptCopy, rows: number): string {
  const { database, host } = command.database.location
  const count = plural(rows, 'preserved row', 'preserved rows')
  const does =
    what === 'apply'
      ? `writes ${count} over what ${copy.table} holds now in`
      : `removes the only copy of ${count} of ${copy.table} from`
  return `This ${does} "${database}" at ${host}.`
}
