/** Which backups may go: those that this tool made, are older than an age, and are not among the newest to keep. */
export interface PruneRules {
  readonly olderThanMs?: number | undefined
  readonly keep?: number | undefined
}

export interface Prunable {
  readonly id: string
  readonly own: boolean
  readonly state: string
  /** ISO 8601. */
  readonly createdAt: string
}

/** The oldest first. One that is still being made is never chosen; `keep` counts what is finished and our own only. */
export function chooseToPrune<T extends Prunable>(backups: readonly T[], rules: PruneRules, now: Date): readonly T[] {
  const ours = backups.filter(({ own, state }) => own && state !== 'creating')
  const newestFirst = ours.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
  const usable = newestFirst.filter(({ state }) => state === 'available')
  const kept = new Set(usable.slice(0, rules.keep ?? 0).map(({ id }) => id))
  const limit = now.getTime() - (rules.olderThanMs ?? 0)
  return newestFirst.filter(({ id, createdAt }) => !kept.has(id) && Date.parse(createdAt) <= limit).reverse()
}
