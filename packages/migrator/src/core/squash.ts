import type { Action, Migration } from './migration.ts'

/** One migration in the place of several: their scripts one after the other, on the way down in reverse. */
export interface SquashedScript {
  readonly up: string
  /** Undefined where one of them is irreversible. */
  readonly down: string | undefined
}

/** Why a migration cannot become part of another one; undefined where it can. */
export function squashObstacle({ format, transactional }: Migration): string | undefined {
  if (format === 'module') return 'is a module'
  return transactional ? undefined : 'runs outside a transaction'
}

/** Nothing is derived from the schema, so that what they do to rows stays in it. */
export function squashed(range: readonly Migration[]): SquashedScript {
  const ids = range.map(({ id }) => id)
  const why = range.flatMap(({ id, down, irreversible }) =>
    down && irreversible === undefined ? [] : [`${id}: ${irreversible ?? 'it has no down'}`],
  )
  const head = [
    `-- migrator: replaces="${ids.join(',')}"`,
    ...(why.length === 0 ? [] : [`-- migrator: irreversible=${JSON.stringify(why.join('; '))}`]),
  ]
  const piece = ({ id }: Migration, action: Action | undefined) => `-- ${id}\n${scriptOf(action)}\n`
  return {
    up: [`${head.join('\n')}\n`, ...range.map((each) => piece(each, each.up))].join('\n'),
    down:
      why.length > 0
        ? undefined
        : range
            .toReversed()
            .map((each) => piece(each, each.down))
            .join('\n'),
  }
}

/** Its own options would be the whole file's; a statement without a semicolon would run into the next one. */
function scriptOf(action: Action | undefined): string {
  if (action?.kind !== 'sql') return ''
  const lines = action.sql.replace(/^\uFEFF/, '').split('\n')
  const start = lines.findIndex((line) => !/^\s*(?:--.*)?$/.test(line))
  const header = lines.slice(0, start).filter((line) => !/^\s*--\s*(?:migrator|description):/i.test(line))
  const text = [...header, ...lines.slice(start)].join('\n').trim()
  return text.endsWith(';') ? text : `${text}\n;`
}
