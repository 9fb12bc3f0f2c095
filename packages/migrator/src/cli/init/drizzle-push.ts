import type { DrizzleConfig } from './drizzle-config.ts'

/** What decides about the tables that drizzle-kit push drops. */
export interface DrizzlePush {
  readonly config: Pick<DrizzleConfig, 'file' | 'tablesFilter' | 'schemaFilter'>
  /** 0 or 1: they differ in the schemas that they look at. */
  readonly major: number
}

/**
 * That `drizzle-kit push` would drop the history, and what to do; undefined where it leaves it alone. It drops every table
 * that it sees and the Drizzle schema does not have. drizzle-kit 0 looks at `public` unless told otherwise, drizzle-kit 1 at
 * every schema. Whoever filters tables is taken to have thought of this one.
 */
export function dangerOfPush(history: string, { config, major }: DrizzlePush): string | undefined {
  const schema = history.split('.')[0] ?? ''
  const seen = config.schemaFilter ?? (major === 0 ? ['public'] : ['*'])
  if (config.tablesFilter.length > 0 || !matches(seen, schema)) return undefined
  const danger = `drizzle-kit push would drop ${history}, the history of your migrations.`
  // tablesFilter would save the tables, and not their sequences.
  if (schema === 'public')
    return `${danger} Move it to a schema of its own: docs/guides/adopting.md, "Beside drizzle-kit".`
  const others = seen.filter((pattern) => pattern !== '*' && pattern !== schema)
  const filter = (others.length > 0 ? others : ['public']).map((pattern) => `'${pattern}'`).join(', ')
  return `${danger} Write schemaFilter: [${filter}] into ${config.file}.`
}

/** Globs, of which those with a "!" take away. */
function matches(patterns: readonly string[], name: string): boolean {
  const fits = (pattern: string) =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    ).test(name)
  const [without, within] = [true, false].map((not) => patterns.filter((pattern) => pattern.startsWith('!') === not))
  if (without?.some((pattern) => fits(pattern.slice(1)))) return false
  return within === undefined || within.length === 0 || within.some(fits)
}
