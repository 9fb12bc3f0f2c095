import { byKeeping, type Loss, lossText } from '../../core/loss.ts'
import { sqlKeyOf } from '../../core/plan.ts'
import { plural } from '../../core/plural.ts'
import { inOrderOfApplication, type MigrationStatus } from '../../core/reconcile.ts'
import { proofText, proveSchema, type SchemaProof } from '../../core/schema-proof.ts'
import { countStates } from '../../engine/history/status.ts'
import { preservedText, putBackText } from '../../engine/loss/keep.ts'
import { readStatuses, withSession } from '../../engine/run/begin.ts'
import type { RedoReport } from '../../engine/run/redo.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { readLockFile } from '../../load/lock-file.ts'
import { conflictLines } from '../../report/kept-text.ts'
import { runDocument } from '../../report/run-json.ts'
import { statusTable, summaryLine } from '../../report/status-text.ts'
import { duration } from '../../report/style.ts'
import type { BackupChoice } from '../backups.ts'
import type { CommandContext, DatabaseContext } from '../command-context.ts'
import { type Next, nextCommands, type Outcome } from '../output.ts'

/** What a run did, for a person and as a document. */
export async function runOutcome(command: CommandContext, report: RunReport, backup?: BackupChoice): Promise<Outcome> {
  const proof = report.fingerprint === undefined ? undefined : proofOf(command, report)
  const run = runDocument(report, command.database.location.database, command.output.describe)
  const document = proof ? { ...run, schema: { ...proof, fingerprint: report.fingerprint } } : run
  const text = command.output.json
    ? ''
    : report.dryRun
      ? await previewText(command, report, backup)
      : await resultText(command, report, proof)
  return { document, text, error: report.error }
}

/** What a redo did: both halves of it in one document and one report. */
export async function redoOutcome(
  command: CommandContext,
  { down, up }: RedoReport,
  backup: BackupChoice,
): Promise<Outcome> {
  if (!up) return runOutcome(command, down, backup)
  if (!up.dryRun)
    return runOutcome(command, { ...up, results: [...down.results, ...up.results], backups: down.backups })
  const [first, second] = [await runOutcome(command, down, backup), await runOutcome(command, up)]
  const steps = [first, second].flatMap(({ document }) => (document as { steps: readonly object[] }).steps)
  const [, ...again] = second.text.split('\n')
  return {
    document: { ...first.document, steps },
    text: command.output.json ? '' : [first.text, '', ...again].join('\n'),
    error: first.error ?? second.error,
  }
}

async function previewText(
  command: CommandContext,
  { plan, sql, sqlNote, drift = [], direction, loss = [], error }: RunReport,
  backup: BackupChoice | undefined,
): Promise<string> {
  const { colours } = command.output.style
  const lines = [headline(command)]
  if (error) lines.push(colours.red(`This run would be refused with exit code ${error.exitCode}: see below.`))
  if (plan.steps.length > 0) lines.push(`Would ${whatRuns(plan)}; nothing was changed:`)
  else if (!error) lines.push(direction === 'up' ? 'Nothing is pending.' : 'Nothing to roll back.')
  if (plan.steps.length > 0) lines.push(...(await backupPreview(command, plan.direction, backup)))
  lines.push(...lossPreview(loss, colours.yellow))
  for (const step of plan.steps) {
    lines.push(
      '',
      `${step.direction === 'up' ? '↑' : '↓'} ${colours.bold(step.id)}${step.by === 'file' ? '' : ` (${WAYS[step.by]})`}`,
    )
    const text = sql?.[sqlKeyOf(step)]
    if (text !== undefined) lines.push(indent(text))
    else if (sql && step.by !== 'record') lines.push(colours.dim('    a module: its SQL is known only when it runs'))
  }
  if (sqlNote !== undefined) lines.push('', colours.yellow(`Some SQL could not be determined: ${sqlNote}`))
  if (plan.notices.length > 0) lines.push('', ...plan.notices.map((notice) => colours.yellow(notice)))
  if (drift.length > 0) {
    lines.push('', colours.yellow('Files and history differ:'))
    for (const { id, state, downChanged } of drift)
      lines.push(`  ${id}: ${downChanged && state === 'applied' ? 'its down file was edited' : state}`)
  }
  return lines.join('\n')
}

/** `recover 1 migration and apply 2 migrations`. */
function whatRuns({ direction, steps }: RunReport['plan']): string {
  const first = direction === 'up' ? steps.filter(({ by }) => by === 'recovery').length : 0
  const count = (number: number) => plural(number, 'migration', 'migrations')
  const rest = `${direction === 'up' ? 'apply' : 'roll back'} ${count(steps.length - first)}`
  return first === 0 ? rest : `recover ${count(first)} and ${rest}`
}

function lossPreview(losses: readonly Loss[], paint: (text: string) => string): readonly string[] {
  const { kept, unkept, unknown } = byKeeping(losses)
  const part = (head: string, some: readonly Loss[]) =>
    some.length === 0 ? [] : ['', head, ...some.map((loss) => paint(`  ${lossText(loss)} (${loss.migration})`))]
  return [
    ...part('This would destroy (use --preserve-data to keep it):', kept),
    ...part('Not covered by --preserve-data:', unkept),
    ...part('Cannot be determined in advance; preserved at run time, or the rollback stops:', unknown),
  ]
}

async function backupPreview(
  command: CommandContext,
  direction: 'up' | 'down',
  backup?: BackupChoice,
): Promise<readonly string[]> {
  if (backup?.kind === 'taken') return [`Backup: ${backup.provider.name}, taken first.`]
  if (backup?.kind === 'refused' || !(await command.protection()).protected) return []
  const when = direction === 'down' ? 'this needs' : 'steps that drop, truncate or delete need'
  return [
    `Backup: none yet. On this protected database ${when} --snapshot, --backup NAME, or --no-backup --reason "why".`,
  ]
}

const WAYS = {
  file: '',
  archive: 'from the archived source; its file is gone',
  recovery: 'dirty; it is recovered',
  record: 'NOTHING IS RUN, only its record is dropped',
} as const

async function resultText(command: CommandContext, report: RunReport, proof?: SchemaProof): Promise<string> {
  const { results, recovered, direction, error, durationMs } = report
  const lines = [headline(command)]
  for (const { record } of report.backups) {
    const state = record.state === 'creating' ? ' is being taken' : ''
    const restore = record.restoreCommand ? `; to restore it: ${record.restoreCommand}` : ''
    lines.push(`Backup ${record.id} (${record.provider})${state}${restore}`)
  }
  if (recovered.length > 0) lines.push(`Recovered ${recovered.join(', ')}.`)
  if (results.length === 0 && !error) lines.push(direction === 'up' ? 'Nothing to apply.' : 'Nothing to roll back.')
  const done = results.filter(({ status }) => status === (direction === 'up' ? 'applied' : 'reverted'))
  const before = direction === 'up' ? results.filter(({ step }) => step.direction === 'down').length : 0
  if (done.length > 0) {
    const verb = direction === 'down' ? 'Rolled back' : before > 0 ? `Rolled back ${before} and applied` : 'Applied'
    lines.push(`${verb} ${plural(done.length, 'migration', 'migrations')} in ${duration(durationMs)}.`)
  }
  for (const { preserved, putBack } of report.keptData ?? [])
    lines.push(
      ...preserved.map(preservedText),
      ...putBack.flatMap((rows) => [putBackText(rows), ...conflictLines(rows)]),
    )
  if (error) lines.push(...failureLines(report))
  if (proof) lines.push(proofText(proof, direction))
  lines.push(...(await whereItStands(command, report)))
  return lines.join('\n')
}

/** A lock file that can't be read must not hide what the run did. */
function proofOf(
  { migrationsDirectory, output }: CommandContext,
  { plan, fingerprint }: RunReport,
): SchemaProof | undefined {
  try {
    return proveSchema(plan.steps, fingerprint, readLockFile(migrationsDirectory))
  } catch (error) {
    output.warn(output.describe(error).message)
    return undefined
  }
}

function failureLines({ results, direction }: RunReport): readonly string[] {
  const ids = (status: string) => results.flatMap(({ step, status: was }) => (was === status ? [step.id] : []))
  const [failed] = ids('failed')
  const unknown = ids('unknown')
  const undone = results.filter(({ status }) => direction === 'up' && status === 'reverted').map(({ step }) => step)
  const [reverted, before] = (['up', 'down'] as const).map((way) =>
    undone.filter((step) => step.direction === way).map(({ id }) => id),
  ) as [string[], string[]]
  const notRun = ids('not-run')
  return [
    ...(before.length > 0 ? [`Rolled back before: ${before.join(', ')}`] : []),
    ...(failed ? [`Failed: ${failed}`] : []),
    ...(unknown.length > 0 ? [`Outcome unknown: ${unknown.join(', ')}`] : []),
    ...(reverted.length > 0 ? [`Undone: ${reverted.join(', ')}`] : []),
    ...(notRun.length > 0 ? [`Not run: ${notRun.join(', ')}`] : []),
  ]
}

/** The status after the run, and the commands that come next. A failure to read it must not hide what the run did. */
async function whereItStands(command: CommandContext, report: RunReport): Promise<readonly string[]> {
  const { error, results, direction } = report
  const statuses = report.statuses ?? (await readAgain(command))
  if (!statuses) return ['The status could not be read afterwards; run db:migrate:status.']
  const changed = results.length > 0 && !error
  const shown = changed && statuses.length <= 50 ? ['', statusTable(statuses, command.output.style), ''] : []
  const left = report.keptData?.some(({ putBack }) => putBack.some((rows) => rows.left > 0))
  const next = [...(left ? [PRESERVED] : []), ...(error ? [] : nextAfter(statuses, direction))]
  return [
    ...shown,
    `Status: ${summaryLine(countStates(statuses))}`,
    ...(next.length > 0 ? ['', nextCommands(command.output, next)] : []),
  ]
}

async function readAgain({ context, set }: CommandContext): Promise<readonly MigrationStatus[] | undefined> {
  return withSession(context, (session) => readStatuses(context, session, set)).catch(() => undefined)
}

export const STATUS: Next = ['db:migrate:status', 'the state of every migration']
const PRESERVED: Next = ['db:preserved list', 'the preserved data that was not restored']
const MIGRATE: Next = ['db:migrate', 'apply what is pending']
const ROLLBACK: readonly Next[] = [
  ['db:rollback --dry-run', 'show what rolling back the last one would run'],
  ['db:rollback', 'roll back the last one'],
]

/** Only what can be done now. */
function nextAfter(statuses: readonly MigrationStatus[], direction: 'up' | 'down'): readonly Next[] {
  const pending = statuses.some(({ state }) => state === 'pending')
  const newest = inOrderOfApplication(statuses).at(-1)
  const revertible = newest !== undefined && newest.state !== 'irreversible'
  return [STATUS, ...(pending ? [MIGRATE] : []), ...(direction === 'up' && revertible ? ROLLBACK : [])]
}

export function headline({ database, output }: DatabaseContext): string {
  const { database: name, host, port } = database.location
  const named = output.verbose ? `, named by ${database.connectionParameters.name}` : ''
  return output.style.colours.dim(`Database ${name} at ${host}:${port}${named}`)
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n')
}
