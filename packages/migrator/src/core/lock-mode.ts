/** A table lock's mode as the manual names it, the weakest first. https://www.postgresql.org/docs/current/explicit-locking.html */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

export type LockMode = (typeof LOCK_MODES)[number]

/** `AccessExclusiveLock`, as pg_locks names it. Undefined for what is no table lock. */
export function lockModeOf(name: string): LockMode | undefined {
  const words = name.replace(/Lock$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return LOCK_MODES.find((mode) => mode === words.toUpperCase())
}

export function compareLockModes(left: LockMode, right: LockMode): number {
  return LOCK_MODES.indexOf(left) - LOCK_MODES.indexOf(right)
}

/** What it keeps others from, in a few words. */
export function blockedBy(mode: LockMode): 'nothing' | 'schema changes' | 'writes' | 'reads and writes' {
  if (mode === 'ACCESS EXCLUSIVE') return 'reads and writes'
  if (compareLockModes(mode, 'SHARE') >= 0) return 'writes'
  return mode === 'SHARE UPDATE EXCLUSIVE' ? 'schema changes' : 'nothing'
}
