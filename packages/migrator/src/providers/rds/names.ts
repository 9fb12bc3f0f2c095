import type { BackupScope } from '../../ports/backup.ts'

/** The shortest limit of all names here (instances, clusters, cluster snapshots); instance snapshots may have 255. */
const LONGEST = 63

const PREFIXES = { migrate: 'pre-migrate', rollback: 'pre-rollback', manual: 'manual' } as const

/** `pre-rollback-YYYYMMDD-HHMMSS` in UTC; `-2`, `-3` … where that name is taken. */
export function backupName(operation: BackupScope['operation'], at: Date, attempt: number): string {
  return `${PREFIXES[operation]}-${stamp(at)}${attempt > 1 ? `-${attempt}` : ''}`
}

/** Whether a name could be one of ours; only its tags tell for sure. */
export function looksLikeOurs(name: string): boolean {
  return /^(?:pre-migrate|pre-rollback|manual)-\d{8}-\d{6}(?:-\d+)?$/.test(name)
}

/** `SOURCE-restored-YYYYMMDD-HHMMSS`, the source's name cut where that gets too long. */
export function restoredName(source: string, at: Date): string {
  return withSuffix(source, `-restored-${stamp(at)}`)
}

/** The one instance of a restored cluster. */
export function firstInstanceName(cluster: string): string {
  return withSuffix(cluster, '-1')
}

function withSuffix(name: string, suffix: string): string {
  return `${name.slice(0, LONGEST - suffix.length).replace(/-+$/, '')}${suffix}`
}

/** What AWS would say against the name of a new instance or cluster; undefined when it is fine. */
export function nameProblem(name: string): string | undefined {
  if (name.length > LONGEST) return `it has ${name.length} characters; AWS allows ${LONGEST}`
  if (!/^[a-z]/.test(name)) return 'it must begin with a letter'
  if (!/^[a-z0-9-]+$/.test(name)) return 'it may contain only letters, digits and hyphens'
  if (name.includes('--') || name.endsWith('-')) return 'it must not end with a hyphen or contain two in a row'
  return undefined
}

function stamp(at: Date): string {
  const [date = '', time = ''] = at.toISOString().split('T')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`
}
