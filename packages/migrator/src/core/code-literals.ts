/** A stretch of a program's source. */
export interface CodePart {
  readonly kind: 'code' | 'comment' | 'literal'
  readonly from: number
  readonly to: number
}

/**
 * Cuts JavaScript into comments, string and template literals, and the code between. What looks like the beginning of one and has
 * no end (an apostrophe in a regular expression) is code. Reads each character a bounded number of times.
 */
export function* readLiterals(source: string): Generator<CodePart> {
  const endOf = createEnds(source)
  let code = 0
  for (let at = nextStart(source, 0); at < source.length; ) {
    const to = endOf(at)
    if (to === undefined) {
      at = nextStart(source, at + 1)
      continue
    }
    if (at > code) yield { kind: 'code', from: code, to: at }
    yield { kind: source[at] === '/' ? 'comment' : 'literal', from: at, to }
    code = to
    at = nextStart(source, to)
  }
  if (code < source.length) yield { kind: 'code', from: code, to: source.length }
}

function nextStart(source: string, from: number): number {
  START.lastIndex = from
  const found = START.exec(source)
  return found ? found.index : source.length
}

const START = /["'`]|\/[/*]/g

/** Where what begins at a place ends. A kind that was found to have no end before some place is not looked for up to there again. */
function createEnds(source: string): (at: number) => number | undefined {
  const endless = new Map<string, number>()
  return (at) => {
    const start = source[at] === '/' ? source.slice(at, at + 2) : (source[at] ?? '')
    if (at < (endless.get(start) ?? 0)) return undefined
    const { to, closed } = look(source, start, at)
    if (!closed) endless.set(start, to)
    return closed ? to : undefined
  }
}

function look(source: string, start: string, at: number): { to: number; closed: boolean } {
  if (start === '//') return { to: lineEnd(source, at), closed: true }
  if (start !== '/*') return closing(source, start, at)
  const end = source.indexOf('*/', at + 2)
  return { to: end < 0 ? source.length : end + 2, closed: end >= 0 }
}

/** Strings end in their line, templates wherever. */
function closing(source: string, quote: string, open: number): { to: number; closed: boolean } {
  for (let at = open + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === quote) return { to: at + 1, closed: true }
    else if (source[at] === '\n' && quote !== '`') return { to: at, closed: false }
  }
  return { to: source.length, closed: false }
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}
