import type { Random } from './random.ts'

/**
 * A text that matches a regular expression, most likely: what look-arounds ask for is not looked at, back references are
 * not read (undefined), and classes give ASCII. Whoever asks tries the text on the real expression.
 * https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS
 */
export function sampleOf(pattern: string, random: Random): string | undefined {
  const reader = { pattern: pattern.replace(/^\(\?[a-z]+\)|^\*\*\*[:=]/, ''), at: 0, random }
  const text = alternatives(reader)
  return reader.at === reader.pattern.length ? text : undefined
}

/** A LIKE pattern's text. */
export function likeSample(pattern: string): string {
  return pattern.replace(/\\(.)|%|_/g, (found, escaped: string | undefined) => escaped ?? (found === '%' ? 'any' : 'x'))
}

/** SIMILAR TO as a regular expression. */
export function fromSimilarTo(pattern: string): string {
  return `^(?:${pattern.replace(/\\.|%|_|[.^$]/g, (found) => SIMILAR[found] ?? (found.length > 1 ? found : `\\${found}`))})$`
}

const SIMILAR: Readonly<Record<string, string>> = { '%': '.*', _: '.' }

interface Reader {
  readonly pattern: string
  readonly random: Random
  at: number
}

/** Undefined as soon as something is met that cannot be read. */
function alternatives(reader: Reader): string | undefined {
  const choices: string[] = []
  for (;;) {
    const text = sequence(reader)
    if (text === undefined) return undefined
    choices.push(text)
    if (reader.pattern[reader.at] !== '|') return choices[reader.random.below(choices.length)]
    reader.at++
  }
}

function sequence(reader: Reader): string | undefined {
  let text = ''
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern.charAt(reader.at))) {
    const from = reader.at
    const first = atom(reader)
    if (first === undefined) return undefined
    const count = quantity(reader)
    const after = reader.at
    text += count > 0 ? first : ''
    for (let done = 1; done < count; done++) {
      reader.at = from
      text += atom(reader) ?? ''
    }
    reader.at = after
  }
  return text
}

/** How often the atom before is repeated: near the fewest, so that lengths stay small. */
function quantity(reader: Reader): number {
  const match = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(reader.pattern.slice(reader.at))
  if (!match) return 1
  reader.at += match[0].length
  const [, sign, least, comma, most] = match
  if (sign) return sign === '?' ? reader.random.below(2) : (sign === '+' ? 1 : 0) + reader.random.below(5)
  const low = Number(least)
  const high = comma ? (most ? Number(most) : low + 4) : low
  return low + reader.random.below(Math.min(high - low, 8) + 1)
}

function atom(reader: Reader): string | undefined {
  const rest = reader.pattern.slice(reader.at)
  if (rest.startsWith('(')) return group(reader, rest)
  if (rest.startsWith('[')) return bracket(reader, rest)
  if (rest.startsWith('\\')) return escaped(reader, rest)
  reader.at++
  if (rest[0] === '^' || rest[0] === '$') return ''
  if (rest[0] === '.') return pick('abcxyz019', reader.random)
  return rest[0]
}

function group(reader: Reader, rest: string): string | undefined {
  const opening = /^\((?:\?(?::|<?[=!]))?/.exec(rest)?.[0] ?? ''
  if (opening === '(' && rest[1] === '?') return undefined
  reader.at += opening.length
  const text = alternatives(reader)
  if (text === undefined || reader.pattern[reader.at] !== ')') return undefined
  reader.at++
  return /[=!]$/.test(opening) ? '' : text
}

function escaped(reader: Reader, rest: string): string | undefined {
  const sign = rest[1] ?? ''
  reader.at += 2
  if ('AZmMyY'.includes(sign)) return ''
  if (sign === 'n' || sign === 't') return sign === 'n' ? '\n' : '\t'
  const members = CLASSES[sign]
  if (members) return pick(members, reader.random)
  return /[A-Za-z0-9]/.test(sign) ? undefined : sign
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const CLASSES: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: `${LOWER}${LOWER.toUpperCase()}${DIGITS}_`,
  s: ' ',
  D: LOWER,
  W: '-. ',
  S: LOWER + DIGITS,
}

const NAMED: Readonly<Record<string, string>> = {
  alpha: LOWER + LOWER.toUpperCase(),
  alnum: LOWER + LOWER.toUpperCase() + DIGITS,
  digit: DIGITS,
  lower: LOWER,
  upper: LOWER.toUpperCase(),
  space: ' ',
  blank: ' ',
  punct: '.,;:!?-',
  xdigit: '0123456789abcdef',
}

function bracket(reader: Reader, rest: string): string | undefined {
  const match = /^\[(\^?)(\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]/.exec(rest)
  if (!match) return undefined
  reader.at += match[0].length
  const members = membersOf(match[2] ?? '')
  if (!match[1]) return pick(members, reader.random)
  const others = Array.from(`${LOWER}${DIGITS}${LOWER.toUpperCase()}-_. `).filter((char) => !members.includes(char))
  return pick(others.join(''), reader.random)
}

function membersOf(inside: string): string {
  return inside.replace(/\[:(\w+):\]|\\(.)|(.)-(.)/gu, (found, named, escaped, from, to) => {
    if (named) return NAMED[named] ?? ''
    if (escaped) return CLASSES[escaped] ?? escaped
    return from === undefined ? found : span(from, to)
  })
}

function span(from: string, to: string): string {
  const [first = 0, last = 0] = [from.codePointAt(0), to.codePointAt(0)]
  const size = Math.max(0, Math.min(last - first + 1, 128))
  return Array.from({ length: size }, (_, index) => String.fromCodePoint(first + index)).join('')
}

function pick(members: string, random: Random): string | undefined {
  const chars = Array.from(members)
  return chars[random.below(Math.max(1, chars.length))]
}
