import { compareText, numberOf } from './migration.ts'

/** Where `migrate` stops. */
export type UpTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'count'; readonly count: number }

/** The same, or exactly these ids: those that a redo has just rolled back. */
export type UpReach = UpTarget | { readonly kind: 'ids'; readonly ids: readonly string[] }

/** Where `rollback` stops: the id stays applied, everything applied after it goes. */
export type DownTarget =
  | { readonly kind: 'empty' }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'batch' }

/** At most three ids that the writer may have meant, nearest first. */
export function nearestIds(wanted: string, ids: readonly string[]): readonly string[] {
  const needle = wanted.toLowerCase()
  return ids
    .map((id) => ({ id, distance: distanceTo(needle, id.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, needle.length / 3))
    .sort((a, b) => a.distance - b.distance || compareText(a.id, b.id))
    .slice(0, 3)
    .map(({ id }) => id)
}

function distanceTo(needle: string, id: string): number {
  const number = /^\d+$/.test(needle) && numberOf(id) === needle.replace(/^0+(?=\d)/, '')
  return number || (needle.length >= 2 && (id.includes(needle) || needle.includes(id))) ? 0 : editDistance(needle, id)
}

/** The Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
