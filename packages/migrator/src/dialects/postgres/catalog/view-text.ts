/**
 * The text of a view as every version prints it. Until 15, pg_get_viewdef puts the relation's name before each column
 * even where the query has one relation only (`SELECT users.id FROM public.users`); since 16 it does not. Here those
 * prefixes go. Columns of sub-selects, and of queries of several relations, are printed alike and stay as they are.
 */
export function viewText(text: string): string {
  const tokens = text.match(TOKEN) ?? []
  const alias = onlyRelation(tokens)
  if (alias === undefined) return text
  let depth = 0
  const subselects: number[] = []
  const kept: string[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (token === '(') {
      depth++
      if (STARTS_QUERY.has(nextWord(tokens, at))) subselects.push(depth)
    } else if (token === ')') {
      if (subselects.at(-1) === depth) subselects.pop()
      depth--
    } else if (token === alias && subselects.length === 0 && isPrefix(tokens, at)) {
      at++
      continue
    }
    kept.push(token)
  }
  return kept.join('')
}

/** Strings, quoted names, words, blanks; else one character. A body of `E'…'` is printed with doubled backslashes. */
const TOKEN = /E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\s+|[\s\S]/gu

const STARTS_QUERY = new Set(['SELECT', 'WITH', 'VALUES'])
const ENDS_FROM = new Set([
  'WHERE',
  'GROUP',
  'HAVING',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
  'FOR',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  ';',
])

/** How the query's own columns are prefixed when it reads one relation; undefined when it reads several, or none. */
function onlyRelation(tokens: readonly string[]): string | undefined {
  const outer = outerTokens(tokens)
  if (outer.some((token) => token === 'UNION' || token === 'INTERSECT' || token === 'EXCEPT')) return undefined
  const from = outer.indexOf('FROM')
  if (from < 0) return undefined
  const rest = outer.slice(from + 1)
  const end = rest.findIndex((token) => ENDS_FROM.has(token))
  const item = end < 0 ? rest : rest.slice(0, end)
  if (item.includes(',') || item.includes('JOIN')) return undefined
  return item.findLast((token) => /^["\p{L}_]/u.test(token))
}

/** Without blanks, and without what stands in parentheses, except that a join in them is still a join. */
function outerTokens(tokens: readonly string[]): readonly string[] {
  let depth = 0
  return tokens.filter((token) => {
    if (token === '(') depth++
    if (token === ')') depth--
    return (depth === 0 && token !== ')' && token.trim() !== '') || token === 'JOIN'
  })
}

function isPrefix(tokens: readonly string[], at: number): boolean {
  const before = tokens[at - 1]
  const [dot, name, after] = [tokens[at + 1], tokens[at + 2] ?? '', tokens[at + 3]]
  return dot === '.' && before !== '.' && before !== ':' && name !== '*' && after !== '(' && after !== '.'
}

function nextWord(tokens: readonly string[], at: number): string {
  return tokens.slice(at + 1, at + 3).find((token) => token.trim() !== '') ?? ''
}
