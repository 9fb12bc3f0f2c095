/** The options that the header comments of an SQL file carry: `-- migrator: transaction=false`. */
export interface Directives {
  readonly transactional: boolean
  readonly irreversible?: string | undefined
  readonly description?: string | undefined
  readonly replaces?: readonly string[] | undefined
  /** What could not be understood, as sentences. */
  readonly problems: readonly string[]
}

const DIRECTIVE = /^[ \t]*migrator:(.*)$/gim
const OPTION = /(?<![a-z-])([a-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;]+)/gi
const DESCRIPTION = /^[ \t]*description:(.*)$/im

/** Reads the comments in front of the first statement, one a line and without their markers. */
export function readDirectives(header: string): Directives {
  const options = new Map<string, string>()
  const problems: string[] = []
  for (const [, text = ''] of header.matchAll(DIRECTIVE)) {
    const rest = text.replace(OPTION, (_, key: string, value: string) => {
      options.set(key.toLowerCase(), unquote(value))
      return ''
    })
    if (/[^\s,;]/.test(rest))
      problems.push(`"-- migrator:${text}" is not valid: write key=value, as in transaction=false.`)
  }
  for (const key of options.keys()) {
    if (!KNOWN.has(key)) problems.push(`"${key}" is not an option; valid options: ${[...KNOWN].join(', ')}.`)
  }
  const transaction = options.get('transaction') ?? 'true'
  if (transaction !== 'true' && transaction !== 'false')
    problems.push(`transaction=${transaction}: must be true or false.`)
  if (options.get('irreversible')?.trim() === '') problems.push('irreversible has no reason; write irreversible="why".')
  const replaces = options
    .get('replaces')
    ?.split(',')
    .map((id) => id.trim())
  if (replaces?.some((id) => id === '')) problems.push('replaces lists ids: write replaces="0001_a,0002_b".')
  return {
    replaces,
    transactional: transaction !== 'false',
    irreversible: options.get('irreversible'),
    description: options.get('description') ?? (DESCRIPTION.exec(header)?.[1]?.trim() || undefined),
    problems,
  }
}

const KNOWN = new Set(['transaction', 'irreversible', 'description', 'replaces'])

function unquote(value: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/s.exec(value)
  return (quoted?.[1] ?? quoted?.[2] ?? value).replace(/\\(["\\])/g, '$1')
}
