import { type RehearsalVerdict, VERDICTS } from '../core/rehearsal.ts'
import { type StatementFacts, worstLock } from '../core/statement-facts.ts'
import { countVerdicts, type RehearsalShown } from './rehearsal-json.ts'
import { type Cell, duration, type Style, table } from './style.ts'

/** The rehearsals as a table, and below it what a reader has to know of each that is not lossless. */
export function rehearsalText(rehearsals: readonly RehearsalShown[], style: Style): string {
  const rows = rehearsals.map((rehearsal) => row(rehearsal, style))
  const shown = table(['migration', 'verdict', 'up', 'down', 'strongest lock up', 'strongest lock down'], rows, style)
  const told = sameReasons(rehearsals).flatMap((group) => reasonsText(group, style))
  return [shown, '', ...told, verdictLine(rehearsals)].join('\n')
}

/** `3 lossless, 1 broken`. */
export function verdictLine(rehearsals: readonly { readonly verdict: RehearsalVerdict }[]): string {
  const counts = countVerdicts(rehearsals)
  return VERDICTS.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}`)
    .join(', ')
}

export function verdictPaint({ colours }: Style, verdict: RehearsalVerdict): (text: string) => string {
  if (verdict === 'broken') return colours.red
  return verdict === 'lossless' ? colours.green : colours.yellow
}

function row(rehearsal: RehearsalShown, style: Style): readonly Cell[] {
  const { id, verdict, statements } = rehearsal
  const of = (direction: StatementFacts['direction']) => statements.filter((each) => each.direction === direction)
  return [
    { text: id },
    { text: verdict, paint: verdictPaint(style, verdict) },
    { text: timeOf(of('up')) },
    { text: timeOf(of('down')) },
    { text: lockText(of('up')) },
    { text: lockText(of('down')) },
  ]
}

function timeOf(statements: readonly StatementFacts[]): string {
  return statements.length === 0 ? '' : duration(statements.reduce((sum, { durationMs }) => sum + durationMs, 0))
}

/** `ACCESS EXCLUSIVE users`. */
function lockText(statements: readonly StatementFacts[]): string {
  const lock = worstLock(statements)
  return lock ? `${lock.mode} ${lock.relation}` : ''
}

/** Neighbours that the same is to be said of: what comes after a migration that does not apply may be many. */
function sameReasons(rehearsals: readonly RehearsalShown[]): readonly (readonly RehearsalShown[])[] {
  const groups: RehearsalShown[][] = []
  for (const rehearsal of rehearsals) {
    const last = groups.at(-1)
    if (last?.[0]?.reasons.join('\n') === rehearsal.reasons.join('\n')) last.push(rehearsal)
    else groups.push([rehearsal])
  }
  return groups
}

function reasonsText(group: readonly RehearsalShown[], { colours }: Style): readonly string[] {
  const [first, ...more] = group
  if (!first || first.reasons.length === 0) return []
  const ids = more.length === 0 ? first.id : `${first.id} … ${more.at(-1)?.id} (${group.length} migrations)`
  return [colours.bold(ids), ...first.reasons.map((reason) => `  ${reason.replaceAll('\n', '\n  ')}`), '']
}
