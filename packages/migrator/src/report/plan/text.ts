import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import type { Style } from '../style.ts'
import { CERTIFICATES, losses, planTitle, statementNotes, timeWords, WAYS, worstWords } from './words.ts'

export function planText(facts: PlanFacts, { colours }: Style): string {
  const { plan, steps, backup, drift, notes, refusal } = facts
  const lines = [colours.bold(planTitle(facts)), '']
  if (refusal) lines.push(colours.red(`Refused: ${refusal.message} [${refusal.code}]`), '')
  if (steps.length > 0) lines.push(`Backup: ${backup}`, '')
  for (const each of steps) lines.push(...stepLines(each, colours), '')
  for (const notice of [...plan.notices, ...notes]) lines.push(colours.yellow(notice))
  if (drift.length > 0) lines.push('Files and history differ:', ...drift.map(({ id, state }) => `  ${id}: ${state}`))
  return lines.join('\n').trimEnd()
}

function stepLines(each: PlannedStep, colours: Style['colours']): readonly string[] {
  const { step, sql, verdict, reasons, statements } = each
  const arrow = step.direction === 'up' ? '↑' : '↓'
  const way = step.by === 'file' ? '' : ` (${WAYS[step.by]})`
  return [
    `${arrow} ${colours.bold(step.id)}${way}`,
    `  checksum ${each.checksum ?? 'unknown'}; ${CERTIFICATES[each.certificate]}`,
    `  verdict ${verdict ?? 'not rehearsed'}; ${timeWords(each)}; strongest lock: ${worstWords(each)}`,
    ...losses(each).map((loss) => colours.yellow(`  destroys ${loss}`)),
    ...reasons.map((reason) => `  ${reason.replaceAll('\n', '\n  ')}`),
    ...(sql === undefined
      ? [colours.dim('    (its SQL is not known in advance)')]
      : sql.split('\n').map((line) => `    ${line}`)),
    ...statements.flatMap((statement) => {
      const notes = statementNotes(statement)
      return notes.length === 0 ? [] : [colours.dim(`  ${firstLine(statement.sql)}: ${notes.join('; ')}`)]
    }),
  ]
}

function firstLine(sql: string): string {
  const line = sql.trim().split('\n')[0] ?? ''
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
