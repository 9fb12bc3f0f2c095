import { plural } from '../../core/plural.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { readStatuses, withSession } from '../../operations/begin-run.ts'
import type { RunReport } from '../../operations/report.ts'
import { countStates } from '../../operations/status.ts'
import { runDocument } from '../../report/run-json.ts'
import { statusTable, summaryLine } from '../../report/status-text.ts'
import { duration } from '../../report/style.ts'
import type { BackupChoice } from '../backups.ts'
import { type Next, nextCommands, type Outcome } from '../output.ts'
import type { World } from '../wiring.ts'

/** What a run did, for a person and as a document. */
export async function runOutcome(world: World, report: RunReport, backup?: BackupChoice): Promise<Outcome> {
  const document = runDocument(report, world.database.location.database, world.output.describe)
  const text = world.output.json
    ? ''
    : report.dryRun
      ? previewText(world, report, backup)
      : await resultText(world, report)
  return { document, text, error: report.error }
}

function previewText(
  world: World,
  { plan, sql, drift = [], direction }: RunReport,
  backup: BackupChoice | undefined,
): string {
  const { colours } = world.output.style
  const lines = [headline(world)]
  if (plan.steps.length === 0) lines.push(direction === 'up' ? 'Nothing is pending.' : 'There is nothing to roll back.')
  else
    lines.push(
      `${direction === 'up' ? 'Would apply' : 'Would roll back'} ${plural(plan.steps.length, 'migration', 'migrations')}; nothing was changed:`,
    )
  if (plan.steps.length > 0) lines.push(...backupPreview(world, plan.direction, backup))
  for (const step of plan.steps) {
    lines.push(
      '',
      `${direction === 'up' ? '↑' : '↓'} ${colours.bold(step.id)}${step.by === 'file' ? '' : ` (${WAYS[step.by]})`}`,
    )
    const text = sql?.[step.id]
    if (text !== undefined) lines.push(indent(text))
    else if (sql && step.by !== 'record') lines.push(colours.dim('    a module: its SQL shows only when it runs'))
  }
  if (plan.notices.length > 0) lines.push('', ...plan.notices.map((notice) => colours.yellow(notice)))
  if (drift.length > 0) {
    lines.push('', colours.yellow('Files and history differ:'))
    for (const { id, state, downChanged } of drift)
      lines.push(`  ${id}: ${downChanged && state === 'applied' ? 'its down file was edited' : state}`)
  }
  return lines.join('\n')
}

function backupPreview(
  { protected: isProtected }: World,
  direction: 'up' | 'down',
  backup?: BackupChoice,
): readonly string[] {
  if (backup?.kind === 'taken') return [`Backup: ${backup.provider.name}, taken first.`]
  if (!isProtected || backup?.kind === 'refused') return []
  const when = direction === 'down' ? 'this' : 'steps that drop, truncate or delete'
  return [
    `Backup: none yet. On this protected database ${when} needs --snapshot, --backup NAME, or --no-backup --reason "why".`,
  ]
}

const WAYS = {
  file: '',
  archive: 'from the archived source; its file is gone',
  recovery: 'dirty; it is recovered',
  record: 'NOTHING IS RUN, only its record is dropped',
} as const

async function resultText(world: World, report: RunReport): Promise<string> {
  const { results, recovered, direction, error, durationMs } = report
  const lines = [headline(world)]
  for (const { record } of report.backups) {
    const state = record.state === 'creating' ? ' is being taken' : ''
    const restore = record.restoreCommand ? `; to restore it: ${record.restoreCommand}` : ''
    lines.push(`Backup ${record.id} (${record.provider})${state}${restore}`)
  }
  if (recovered.length > 0) lines.push(`Recovered ${recovered.join(', ')}.`)
  if (results.length === 0) lines.push(direction === 'up' ? 'Nothing to apply.' : 'There is nothing to roll back.')
  const done = results.filter(({ status }) => status === (direction === 'up' ? 'applied' : 'reverted'))
  if (done.length > 0) {
    lines.push(
      `${direction === 'up' ? 'Applied' : 'Rolled back'} ${plural(done.length, 'migration', 'migrations')} in ${duration(durationMs)}.`,
    )
  }
  if (error) lines.push(...failureLines(report))
  lines.push(...(await whereItStands(world, report)))
  return lines.join('\n')
}

function failureLines({ results, direction }: RunReport): readonly string[] {
  const ids = (status: string) => results.flatMap(({ step, status: was }) => (was === status ? [step.id] : []))
  const [failed] = ids('failed')
  const reverted = direction === 'up' ? ids('reverted') : []
  const notRun = ids('not-run')
  return [
    ...(failed ? [`Failed: ${failed}`] : []),
    ...(reverted.length > 0 ? [`Taken back: ${reverted.join(', ')}`] : []),
    ...(notRun.length > 0 ? [`Not run: ${notRun.join(', ')}`] : []),
  ]
}

/** The status after the run, and the commands that come next. A failure to read it must not hide what the run did. */
async function whereItStands(world: World, report: RunReport): Promise<readonly string[]> {
  const { error, results, direction } = report
  const statuses = report.statuses ?? (await readAgain(world))
  if (!statuses) return ['The status could not be read afterwards; run db:migrate:status.']
  const changed = results.length > 0 && !error
  const shown = changed && statuses.length <= 50 ? ['', statusTable(statuses, world.output.style), ''] : []
  const next = error ? [] : direction === 'up' ? NEXT_UP : NEXT_DOWN
  return [
    ...shown,
    `Status: ${summaryLine(countStates(statuses))}`,
    ...(next.length > 0 ? ['', nextCommands(world.output, next)] : []),
  ]
}

async function readAgain({ context, set }: World): Promise<readonly MigrationStatus[] | undefined> {
  return withSession(context, (session) => readStatuses(context, session, set)).catch(() => undefined)
}

const STATUS: Next = ['db:migrate:status', 'where every migration stands']
const NEXT_UP: readonly Next[] = [
  STATUS,
  ['db:rollback --dry-run', 'what taking the last one back would run'],
  ['db:rollback', 'take the last one back'],
]
const NEXT_DOWN: readonly Next[] = [STATUS, ['db:migrate', 'apply what is pending']]

export function headline({ database, output }: World): string {
  const { database: name, host, port } = database.location
  return output.style.colours.dim(`Database ${name} at ${host}:${port}`)
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n')
}
