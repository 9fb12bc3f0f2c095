import { byKeeping, type Loss, lossText } from '../../core/loss.ts'
import { sqlKeyOf } from '../../core/plan.ts'
import { plural } from '../../core/plural.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { proofText, proveSchema, type SchemaProof } from '../../core/schema-proof.ts'
import { countStates } from '../../engine/history/status.ts'
import { preservedText, putBackText } from '../../engine/loss/keep.ts'
import { readStatuses, withSession } from '../../engine/run/begin.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { readLockFile } from '../../load/lock-file.ts'
import { runDocument } from '../../report/run-json.ts'
import { statusTable, summaryLine } from '../../report/status-text.ts'
import { duration } from '../../report/style.ts'
import type { BackupChoice } from '../backups.ts'
import { type Next, nextCommands, type Outcome } from '../output.ts'
import type { World } from '../wiring.ts'

/** What a run did, for a person and as a document. */
export async function runOutcome(world: World, report: RunReport, backup?: BackupChoice): Promise<Outcome> {
  const proof = report.fingerprint === undefined ? undefined : proofOf(world, report)
  const run = runDocument(report, world.database.location.database, world.output.describe)
  const document = proof ? { ...run, schema: { ...proof, fingerprint: report.fingerprint } } : run
  const text = world.output.json
    ? ''
    : report.dryRun
      ? previewText(world, report, backup)
      : await resultText(world, report, proof)
  return { document, text, error: report.error }
}

function previewText(
  world: World,
  { plan, sql, sqlNote, drift = [], direction, loss = [] }: RunReport,
  backup: BackupChoice | undefined,
): string {
  const { colours } = world.output.style
  const lines = [headline(world)]
  if (plan.steps.length === 0) lines.push(direction === 'up' ? 'Nothing is pending.' : 'There is nothing to roll back.')
  else lines.push(`Would ${whatRuns(plan)}; nothing was changed:`)
  if (plan.steps.length > 0) lines.push(...backupPreview(world, plan.direction, backup))
  lines.push(...lossPreview(loss, colours.yellow))
  for (const step of plan.steps) {
    lines.push(
      '',
      `${step.direction === 'up' ? '↑' : '↓'} ${colours.bold(step.id)}${step.by === 'file' ? '' : ` (${WAYS[step.by]})`}`,
    )
    const text = sql?.[sqlKeyOf(step)]
    if (text !== undefined) lines.push(indent(text))
    else if (sql && step.by !== 'record') lines.push(colours.dim('    a module: its SQL shows only when it runs'))
  }
  if (sqlNote !== undefined) lines.push('', colours.yellow(`Not all of the SQL could be told: ${sqlNote}`))
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
    ...part('What is there now and would be destroyed; --preserve-data keeps it:', kept),
    ...part('What --preserve-data does not keep:', unkept),
    ...part("What can't be told; --preserve-data keeps what shows, or stops there:", unknown),
  ]
}

function backupPreview(
  { protected: isProtected }: World,
  direction: 'up' | 'down',
  backup?: BackupChoice,
): readonly string[] {
  if (backup?.kind === 'taken') return [`Backup: ${backup.provider.name}, taken first.`]
  if (!isProtected || backup?.kind === 'refused') return []
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

async function resultText(world: World, report: RunReport, proof?: SchemaProof): Promise<string> {
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
  for (const { preserved, putBack } of report.keptData ?? [])
    lines.push(...preserved.map(preservedText), ...putBack.map(putBackText))
  if (error) lines.push(...failureLines(report))
  if (proof) lines.push(proofText(proof, direction))
  lines.push(...(await whereItStands(world, report)))
  return lines.join('\n')
}

/** A lock file that can't be read must not hide what the run did. */
function proofOf({ migrationsDirectory, output }: World, { plan, fingerprint }: RunReport): SchemaProof | undefined {
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
  const reverted = direction === 'up' ? ids('reverted') : []
  const notRun = ids('not-run')
  return [
    ...(failed ? [`Failed: ${failed}`] : []),
    ...(unknown.length > 0 ? [`Outcome unknown: ${unknown.join(', ')}`] : []),
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
