import type { BackupScope } from '../../ports/backup.ts'

/** By this tag a backup is known as ours: only such are listed as own, and pruned. */
export const TOOL = '@repo/migrator'

const KEYS = {
  tool: 'migrator:tool',
  version: 'migrator:tool-version',
  run: 'migrator:run',
  operation: 'migrator:operation',
  migrations: 'migrator:migrations',
  commit: 'migrator:git-commit',
  source: 'migrator:source',
  database: 'migrator:database',
} as const

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html */
const LONGEST_VALUE = 256

export interface Tag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

export interface OwnTags {
  readonly own: boolean
  readonly runId?: string | undefined
  /** As many as a tag has room for. */
  readonly migrations?: readonly string[] | undefined
}

/** What a backup says of itself in AWS's console. */
export function tagsFor(
  scope: BackupScope,
  source: string,
  toolVersion: string,
): readonly { Key: string; Value: string }[] {
  return present({
    [KEYS.tool]: TOOL,
    [KEYS.version]: toolVersion,
    [KEYS.run]: scope.runId,
    [KEYS.operation]: scope.operation,
    [KEYS.migrations]: fitting(scope.steps.map(({ id }) => id)),
    [KEYS.commit]: scope.operator.gitCommit,
    [KEYS.source]: source,
    [KEYS.database]: scope.database.database,
  })
}

/** What a restored instance or cluster is tagged with, beside the tags of its source. */
export function tagsForRestored(
  source: readonly Tag[],
  backup: string,
  toolVersion: string,
): readonly { Key: string; Value: string }[] {
  const ours = present({ [KEYS.tool]: TOOL, [KEYS.version]: toolVersion, 'migrator:restored-from': backup })
  const kept = source.flatMap(({ Key, Value }) =>
    Key === undefined || /^(?:aws|migrator):/i.test(Key) ? [] : [{ Key, Value: Value ?? '' }],
  )
  return [...kept, ...ours].slice(-50)
}

export function readTags(tags: readonly Tag[]): OwnTags {
  const value = (key: string) => tags.find(({ Key }) => Key === key)?.Value
  if (value(KEYS.tool) !== TOOL) return { own: false }
  const migrations = value(KEYS.migrations)
    ?.split(' ')
    .filter((word) => word !== '' && !word.startsWith('+'))
  return { own: true, runId: value(KEYS.run), migrations }
}

function present(values: Readonly<Record<string, string | undefined>>): readonly { Key: string; Value: string }[] {
  return Object.entries(values).flatMap(([Key, value]) =>
    value === undefined || value === '' ? [] : [{ Key, Value: allowed(value) }],
  )
}

/** AWS refuses the whole call over one character that is not allowed in a tag. */
function allowed(value: string): string {
  return value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, LONGEST_VALUE)
}

/** Whole ids, separated by spaces, and `+N` for those that have no room. */
function fitting(ids: readonly string[]): string | undefined {
  for (let count = ids.length; count > 0; count -= 1) {
    const rest = ids.length - count
    const text = [...ids.slice(0, count), ...(rest > 0 ? [`+${rest}`] : [])].join(' ')
    if (text.length <= LONGEST_VALUE) return text
  }
  return ids[0]
}
