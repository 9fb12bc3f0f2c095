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
  /** Ids of the migrations that it was squashed from: a row may name one of those. */
  readonly replaces?: readonly string[] | undefined
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

/**
 * Rows to migrations, in the order of the rows. A row that names none, or more than one, is unmatched: nothing is guessed.
 * A squashed migration is applied if rows, or what is `applied` already, name all that it replaces; if they name only some of
 * it, those rows are unmatched.
 */
export function mapHistory(
  history: ForeignHistory,
  files: readonly Candidate[],
  applied: ReadonlySet<string> = new Set(),
): Mapping {
  const read = history.rows.map((row) => readRow(row, history, files))
  const named = read.flatMap((each) => (each.file ? [each] : []))
  const mapped: Mapped[] = []
  const unmatched: Unmatched[] = []
  for (const each of read) {
    const reason = each.file ? obstacle(each, named, applied) : each.reason
    if (reason !== undefined) unmatched.push({ from: each.row.from, reason })
    else if (each.file) mapped.push(...mappedBy(each, named, history.newestOnly ? files : [each.file]))
  }
  return { mapped, unmatched }
}

/** A row, and the migration that it names. */
interface Named {
  readonly row: ForeignRow
  readonly file: Candidate
  /** Which of the migrations that the file replaces it says are applied; undefined where it names the file itself. */
  readonly parts?: readonly string[] | undefined
}

type ReadRow = Named | { readonly row: ForeignRow; readonly file?: undefined; readonly reason: string }

function readRow(row: ForeignRow, { newestOnly }: ForeignHistory, files: readonly Candidate[]): ReadRow {
  const names = matcherOf(row.key, files)
  const found = files.flatMap((file): Named[] => {
    const { replaces = [] } = file
    const at = replaces.findIndex((id) => namesId(row.key, id))
    // Where only the newest is recorded, everything before it is applied too.
    if (names(file) && (at < 0 || newestOnly)) return [{ row, file }]
    return at < 0 ? [] : [{ row, file, parts: replaces.slice(newestOnly ? 0 : at, at + 1) }]
  })
  const [only, ...others] = found
  if (!only) return { row, reason: `no migration in this folder has that ${KEY_NAMES[row.key.by]}` }
  if (others.length === 0) return only
  return { row, reason: `it may be ${found.map(({ file }) => file.id).join(' or ')}` }
}

const KEY_NAMES = { name: 'name', number: 'number', journal: 'time or hash' } as const

function matcherOf(key: ForeignKey, files: readonly Candidate[]): (file: Candidate) => boolean {
  if (key.by !== 'journal') return ({ id }) => namesId(key, id)
  const isInJournal = files.some(({ when }) => when === key.when)
  return ({ when, checksum }) => (isInJournal ? when === key.when : checksum === key.hash)
}

function namesId(key: ForeignKey, id: string): boolean {
  if (key.by === 'name') return id === key.name
  return key.by === 'number' && numberOf(id) === key.number.replace(/^0+(?=\d)/, '')
}

/** Why a row that names a migration stands for nothing; undefined where it stands for it, alone or with others. */
function obstacle(each: Named, named: readonly Named[], applied: ReadonlySet<string>): string | undefined {
  const { file, parts } = each
  const whole = wholeRow(file, named)
  if (parts === undefined) return whole === each ? undefined : `${file.id} is also named by an earlier row`
  if (whole || applied.has(file.id)) return undefined
  const there = new Set([...applied, ...partRows(file, named).flatMap((other) => other.parts ?? [])])
  const lacking = (file.replaces ?? []).filter((id) => !there.has(id))
  if (lacking.length === 0) return undefined
  return `it is part of ${file.id}, which also replaces ${lacking.join(', ')}: not applied there`
}

/** The last row of a squashed migration stands for all of them. */
function mappedBy(each: Named, named: readonly Named[], files: readonly Candidate[]): readonly Mapped[] {
  const { row, file, parts } = each
  if (parts === undefined) return upTo(file, files).map((other) => mappedTo(other, row))
  const rows = partRows(file, named)
  if (wholeRow(file, named) || rows.at(-1) !== each) return []
  const whole = { ...row, checksum: undefined, from: rows.map((other) => other.row.from).join(', ') }
  return upTo(file, files).map((other) => mappedTo(other, whole))
}

function wholeRow(file: Candidate, named: readonly Named[]): Named | undefined {
  return named.find((each) => each.file === file && each.parts === undefined)
}

function partRows(file: Candidate, named: readonly Named[]): readonly Named[] {
  return named.filter((each) => each.file === file && each.parts !== undefined)
}

function upTo(newest: Candidate, files: readonly Candidate[]): readonly Candidate[] {
  return files.slice(0, files.indexOf(newest) + 1)
}

function mappedTo({ id, checksum }: Candidate, { key, from, appliedAt, checksum: recorded }: ForeignRow): Mapped {
  const then = key.by === 'journal' ? key.hash : recorded
  const edited = then !== undefined && then !== checksum
  return { id, from, appliedAt, ...(edited ? { note: 'the file was edited afterwards' } : {}) }
}
