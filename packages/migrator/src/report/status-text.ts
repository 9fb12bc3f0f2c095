import { plural } from '../core/plural.ts'
import type { MigrationStatus, State } from '../core/reconcile.ts'
import { type Cell, duration, moment, type Style, table } from './style.ts'

const MARKS: Readonly<Record<State, string>> = {
  applied: '✓',
  pending: '·',
  running: '…',
  dirty: '!',
  changed: '≠',
  missing: '?',
  ahead: '»',
  'out-of-order': '↕',
  irreversible: '✓',
}

/** The table of all migrations. */
export function statusTable(migrations: readonly MigrationStatus[], style: Style): string {
  const rows = migrations.map(({ id, state, file, entry, renamedTo, renamedFrom }): readonly Cell[] => [
    { text: `${MARKS[state]} ${id}`, ...(state === 'pending' ? {} : { paint: paintOf(state, style) }) },
    { text: state + renaming(renamedTo, renamedFrom), paint: paintOf(state, style) },
    { text: entry ? moment(entry.appliedAt) : '' },
    { text: duration(entry?.durationMs) },
    { text: (entry?.checksum ?? file?.checksum ?? '').slice(0, 12), paint: style.colours.dim },
  ])
  return table(['  migration', 'state', 'applied at (UTC)', 'took', 'checksum'], rows, style)
}

function renaming(to: string | undefined, from: string | undefined): string {
  return to !== undefined ? ` (renamed to ${to})` : from !== undefined ? ` (renamed from ${from})` : ''
}

/** `12 applied, 2 pending`. */
export function summaryLine(summary: Readonly<Record<State, number>>): string {
  const parts = Object.entries(summary).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []))
  return parts.length > 0 ? parts.join(', ') : `${plural(0, 'migration', 'migrations')}`
}

function paintOf(state: State, { colours }: Style): (text: string) => string {
  if (state === 'applied') return colours.green
  if (state === 'pending') return colours.yellow
  if (state === 'irreversible' || state === 'ahead' || state === 'running') return colours.cyan
  return colours.red
}
