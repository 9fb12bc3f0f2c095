import { numberOf } from './migration.ts'

/** How a row of another tool's history names its migration. */
export type ForeignKey =
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'number'; readonly number: string }
  /** drizzle-kit: the time in its journal, and the SHA-256 of the file. */
  | { readonly by: 'journal'; readonly when: number; readonly hash: string }

/** A migration that another tool records as applied, in the order of application. */
export interface ForeignRow {
  readonly key: ForeignKey
  /** What the row says, for a person. */
  readonly from: string
  /** ISO 8601; undefined where the tool keeps no time. */
  readonly appliedAt?: string | undefined
  /** SHA-256 of the file as it was applied. */
  readonly checksum?: string | undefined
}

export interface ForeignHistory {
  readonly tool: string
  /** `schema.table`. */
  readonly table: string
  readonly rows: readonly ForeignRow[]
  /** The tool keeps its newest migration only: everything up to it counts as applied. */
  readonly newestOnly?: boolean | undefined
  /** Rows of migrations that failed or were left half-way: nothing is imported while there are any. */
  readonly broken: readonly string[]
}

/** A migration of the folder, as far as a row may name it. */
export interface Candidate {
  readonly id: string
  readonly checksum: string
  /** The time in drizzle-kit's journal. */
  readonly when?: number | undefined
}

export interface Mapped {
  readonly id: string
  readonly from: string
  readonly appliedAt: string | undefined
  readonly note?: string | undefined
}

export interface Unmatched {
  readonly from: string
  readonly reason: string
}

export interface Mapping {
  readonly mapped: readonly Mapped[]
  readonly unmatched: readonly Unmatched[]
}

/** Rows to migrations, in the folder's order. A row that names none, or more than one, is unmatched: nothing is guessed. */
export function mapHistory(history: ForeignHistory, files: readonly Candidate[]): Mapping {
  const mapped: Mapped[] = []
  const unmatched: Unmatched[] = []
  const taken = new Set<string>()
  for (const row of history.rows) {
    const found = matching(row.key, files)
    const [file] = found
    if (!file || found.length > 1) unmatched.push({ from: row.from, reason: reasonFor(found) })
    else if (taken.has(file.id))
      unmatched.push({ from: row.from, reason: `${file.id} is also named by an earlier row` })
    else {
      taken.add(file.id)
      for (const each of history.newestOnly ? upTo(file, files) : [file]) mapped.push(mappedTo(each, row))
    }
  }
  return { mapped, unmatched }
}

function matching(key: ForeignKey, files: readonly Candidate[]): readonly Candidate[] {
  switch (key.by) {
    case 'name':
      return files.filter(({ id }) => id === key.name)
    case 'number':
      return files.filter(({ id }) => numberOf(id) === key.number.replace(/^0+(?=\d)/, ''))
    case 'journal': {
      const byTime = files.filter(({ when }) => when === key.when)
      return byTime.length > 0 ? byTime : files.filter(({ checksum }) => checksum === key.hash)
    }
  }
}

function reasonFor(found: readonly Candidate[]): string {
  if (found.length === 0) return 'no migration in this folder has that name'
  return `it may be ${found.map(({ id }) => id).join(' or ')}`
}

function upTo(newest: Candidate, files: readonly Candidate[]): readonly Candidate[] {
  return files.slice(0, files.indexOf(newest) + 1)
}

function mappedTo({ id, checksum }: Candidate, { key, from, appliedAt, checksum: recorded }: ForeignRow): Mapped {
  const then = key.by === 'journal' ? key.hash : recorded
  const edited = then !== undefined && then !== checksum
  return { id, from, appliedAt, ...(edited ? { note: 'the file was edited afterwards' } : {}) }
}
