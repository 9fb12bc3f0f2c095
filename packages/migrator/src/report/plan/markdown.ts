import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import { CERTIFICATES, losses, planTitle, statementNotes, timeWords, WAYS, worstWords } from './words.ts'

/** GitHub cuts comments at 65,536 characters; long SQL is shortened before that. */
const MOST_SQL = 6_000

/** For a comment on a pull request: a table first, the SQL folded away below it. */
export function planMarkdown(facts: PlanFacts): string {
  const { plan, steps, backup, drift, notes, refusal } = facts
  const parts = [`### ${planTitle(facts)}`]
  if (refusal) parts.push(`> **Refused** (\`${refusal.code}\`): ${inline(refusal.message)}`)
  if (steps.length > 0) parts.push(table(steps), `Backup: ${inline(backup)}`)
  parts.push(...steps.map(details))
  if (plan.notices.length + notes.length > 0)
    parts.push([...plan.notices, ...notes].map((note) => `> ${inline(note)}`).join('\n>\n'))
  if (drift.length > 0)
    parts.push(`Files and history differ: ${drift.map(({ id, state }) => `\`${id}\` ${state}`).join(', ')}`)
  return `${parts.join('\n\n')}\n`
}

function table(steps: readonly PlannedStep[]): string {
  const rows = steps.map((each) => {
    const { step, verdict } = each
    const lost = losses(each)
    const cells = [
      `${step.direction === 'up' ? '↑' : '↓'} \`${step.id}\``,
      verdict === undefined ? 'not rehearsed' : `**${verdict}**`,
      worstWords(each),
      lost.length === 0 ? 'nothing' : lost.join('<br>'),
      timeWords(each),
      CERTIFICATES[each.certificate],
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [
    '| migration | verdict | strongest lock | destroys | time | proof |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function details(each: PlannedStep): string {
  const { step, sql, reasons, statements, checksum } = each
  const way = step.by === 'file' ? '' : ` (${WAYS[step.by]})`
  const notes = statements.flatMap((statement) => {
    const told = statementNotes(statement)
    return told.length === 0 ? [] : [`- \`${firstLine(statement.sql)}\`: ${told.map(inline).join('; ')}`]
  })
  const parts = [
    `<details><summary><code>${escaped(step.id)}</code>${way}: SQL, locks, reasons</summary>`,
    `Checksum \`${checksum ?? 'unknown'}\``,
    ...(reasons.length > 0 ? [fenced(reasons.join('\n'), '')] : []),
    sql === undefined ? '_Its SQL is not known in advance._' : fenced(shortened(sql), 'sql'),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    '</details>',
  ]
  return parts.join('\n\n')
}

/** A fence longer than any in the text, so that the text can't end it. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

function shortened(sql: string): string {
  return sql.length <= MOST_SQL ? sql : `${sql.slice(0, MOST_SQL)}\n-- … and ${sql.length - MOST_SQL} characters more`
}

function firstLine(sql: string): string {
  const line = (sql.trim().split('\n')[0] ?? '').replaceAll('`', "'")
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

function inline(text: string): string {
  return escaped(text).replaceAll('\n', '<br>')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
