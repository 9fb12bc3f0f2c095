import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import { CERTIFICATES, losses, planTitle, statementNotes, timeWords, WAYS, worstWords } from './words.ts'

/** One file that needs nothing beside it: no script, no font, no address. */
export function planHtml(facts: PlanFacts): string {
  const { plan, steps, backup, drift, notes, refusal } = facts
  const title = escaped(planTitle(facts))
  const body = [
    `<h1>${title}</h1>`,
    ...(refusal ? [`<p class="refused">Refused (${refusal.code}): ${escaped(refusal.message)}</p>`] : []),
    ...(steps.length > 0 ? [`<p>Backup: ${escaped(backup)}</p>`] : []),
    ...steps.map(section),
    ...[...plan.notices, ...notes].map((note) => `<p class="note">${escaped(note)}</p>`),
    ...(drift.length > 0
      ? ['<h2>Files and history differ</h2>', list(drift.map(({ id, state }) => `${id}: ${state}`))]
      : []),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8885; border-radius: 4px; font-size: 14px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
.refused, .broken { color: #b00020; } .lossy, .unproven, .irreversible, .order-only, .note { color: #8a5a00; } .lossless { color: #1b6e3c; }
@media (prefers-color-scheme: dark) { .refused, .broken { color: #ff8a80; } .lossy, .unproven, .irreversible, .order-only, .note { color: #ffc66d; } .lossless { color: #7bd88f; } }
`

function section(each: PlannedStep): string {
  const { step, sql, verdict, reasons, statements } = each
  const lost = losses(each)
  const way = step.by === 'file' ? '' : ` (${WAYS[step.by]})`
  const facts: readonly (readonly [string, string])[] = [
    ['Verdict', `<span class="${verdict ?? ''}">${verdict ?? 'not rehearsed'}</span>`],
    ['Strongest lock', escaped(worstWords(each))],
    ['Destroys', lost.length === 0 ? 'nothing' : lost.map(escaped).join('<br>')],
    ['Time', escaped(timeWords(each))],
    ['Checksum', `<code>${escaped(each.checksum ?? 'unknown')}</code>`],
    ['Proof', CERTIFICATES[each.certificate]],
  ]
  const notes = statements.flatMap((statement) => {
    const told = statementNotes(statement)
    return told.length === 0 ? [] : [`${statement.sql.trim().split('\n')[0]}: ${told.join('; ')}`]
  })
  return [
    `<section><h2>${step.direction === 'up' ? '↑' : '↓'} ${escaped(step.id)}${escaped(way)}</h2>`,
    `<dl>${facts.map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join('')}</dl>`,
    ...reasons.map((reason) => `<pre>${escaped(reason)}</pre>`),
    sql === undefined ? '<p>Its SQL is not known in advance.</p>' : `<pre>${escaped(sql)}</pre>`,
    ...(notes.length > 0 ? [list(notes)] : []),
    '</section>',
  ].join('\n')
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
