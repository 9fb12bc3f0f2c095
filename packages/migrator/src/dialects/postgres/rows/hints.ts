import type { TypeShape } from '../../../core/data/table-shape.ts'
import { fromSimilarTo, likeSample, sampleOf } from './pattern.ts'
import { randomOf } from './random.ts'

/**
 * Values that a condition may have been written for, read off its constants: what equals one, is beside or between
 * two, is as long as one says, matches a pattern. They are guesses; the server says which of them fulfil the condition.
 * `expression` is SQL as PostgreSQL prints it, where every constant of another type than a number carries its type.
 */
export function hintsOf(expression: string, type: TypeShape): readonly string[] {
  const base = type.kind === 'domain' ? type.base : type
  const constants = constantsIn(expression)
  if (base.kind === 'base') return (READERS[base.name] ?? sameType)(constants, expression, base.name)
  if (base.kind === 'enum') return base.labels
  if (base.kind === 'array') return [listHint(constants)]
  return []
}

interface Constant {
  readonly text: string
  /** The type that it is printed with; empty for a number. */
  readonly type: string
  /** What stands before it: an operator or function tells a pattern from a value. */
  readonly before: string
}

const CONSTANT =
  /'((?:[^']|'')*)'(?:::("[^"]+"|[\w.]+(?: (?:varying|precision|with(?:out)? time zone))*(?:\[\])?))?|(?<![\w."$'])(\d+(?:\.\d+)?)(?![\w."])/g

function constantsIn(expression: string): readonly Constant[] {
  return [...expression.matchAll(CONSTANT)].flatMap((match) => {
    const [, quoted, type = '', number] = match
    const before = expression.slice(0, match.index).trimEnd().slice(-24)
    if (number !== undefined)
      return [{ text: before.endsWith('(-') || /[=<>,(] -$/.test(before) ? `-${number}` : number, type: '', before }]
    const text = (quoted ?? '').replaceAll("''", "'")
    if (!type.endsWith('[]')) return [{ text, type, before }]
    return elementsOf(text).map((element) => ({ text: element, type: type.slice(0, -2), before }))
  })
}

/** The elements of an array's text, as far as none of them is an array. */
function elementsOf(text: string): readonly string[] {
  return [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)].map(
    ([, quoted, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
  )
}

type Read = (constants: readonly Constant[], expression: string, type: string) => readonly string[]

/** What is printed with a type's own name is that type's for certain. */
const sameType: Read = (constants, _, name) =>
  constants.filter(({ type }) => type === name || type.endsWith(`.${name}`)).map(({ text }) => text)

const integers: Read = (constants, _, name) => {
  const limit = LIMITS[name] ?? Number.MAX_SAFE_INTEGER
  const found = numbersIn(constants).map(Math.round)
  return around(found)
    .filter((value) => Math.abs(value) <= limit)
    .map(String)
}

const LIMITS: Readonly<Record<string, number>> = { int2: 32_767, int4: 2_147_483_647 }

const decimals: Read = (constants) => {
  const found = numbersIn(constants)
  return [...around(found), ...found.flatMap((value) => [value + 0.5, value - 0.5, value + 0.01])].map(plainNumber)
}

function numbersIn(constants: readonly Constant[]): readonly number[] {
  return constants
    .map(({ text }) => Number(text))
    .filter((value, at) => constants[at]?.text.trim() !== '' && Number.isFinite(value))
}

/** Each, its neighbours, a few further on, multiples for what is divided, and the middle of each two. */
function around(found: readonly number[]): readonly number[] {
  const sorted = [...new Set(found)].sort((a, b) => a - b)
  const middles = sorted.slice(1).map((value, at) => Math.round((value + (sorted[at] ?? value)) / 2))
  return [...sorted.flatMap((value) => [value, value + 1, value - 1, value + 7, 2 * value, 3 * value]), ...middles]
}

function plainNumber(value: number): string {
  return Math.abs(value) < 1e15 ? String(Number(value.toFixed(6))) : value.toFixed(0)
}

const texts: Read = (constants, expression) => {
  const random = randomOf(expression)
  const counts = constants.filter(({ type }) => type === '')
  const lengths = counts.flatMap(lengthsNear)
  const found = constants.filter(({ type }) => type !== '').flatMap((constant) => matching(constant, random))
  const made = [
    ...found,
    ...lengths.flatMap((length) => UNITS.map((unit) => filled('', unit, length))),
    ...counts.map(({ text }) => text),
    ...found.slice(0, LENGTHENED).flatMap((start) => lengths.map((length) => filled(start, 'abcdefghij', length))),
    ...encoded(expression, lengths),
  ]
  return [...new Set([...made, ...SHAPES])]
}

const UNITS = ['abcdefghij', '1234567890', 'ZYXWVUTSRQ']

/** A prefix is often asked for together with a length. */
const LENGTHENED = 8

/** What a number may say of a length: just so much, less, more. */
function lengthsNear({ text }: Constant): readonly number[] {
  const length = Number(text)
  if (!Number.isInteger(length) || length < 0 || length > 2000) return []
  return [length, length - 1, length + 1, length + 2].filter((each) => each >= 0)
}

function filled(start: string, unit: string, length: number): string {
  return start + unit.repeat(length / unit.length + 1).slice(0, Math.max(0, length - start.length))
}

/** Texts of so many bytes, for what the expression decodes. */
function encoded(expression: string, lengths: readonly number[]): readonly string[] {
  const format = /\bdecode\([^']*'(base64|hex)'/.exec(expression)?.[1]
  if (format === undefined) return []
  return lengths.flatMap((length) =>
    UNITS.map((unit) => filled('', unit, length)).map((text) => (format === 'hex' ? hexOf(text) : btoa(text))),
  )
}

function hexOf(text: string): string {
  return Array.from(text, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** Keys and digests have a length. */
const bytes: Read = (constants) => [
  ...new Set(
    constants
      .filter(({ type }) => type === '')
      .flatMap(lengthsNear)
      .flatMap((length) =>
        [...UNITS, 'zyxwvutsrq', '0987654321'].map((unit) => `\\x${hexOf(filled('', unit, length))}`),
      ),
  ),
]

const SAMPLES = 12

function matching({ text, before }: Constant, random: ReturnType<typeof randomOf>): readonly string[] {
  if (/similar_to_escape\($|similar_escape\($/.test(before)) return samples(fromSimilarTo(text), random)
  if (/~~\*?$/.test(before)) return [likeSample(text), likeSample(`${text}`.replaceAll('%', ''))]
  if (/~\*?$|regexp_\w+\([^']*$/.test(before)) return samples(text, random)
  return [text, text.toLowerCase(), `${text}x`, `x${text}x`]
}

function samples(pattern: string, random: ReturnType<typeof randomOf>): readonly string[] {
  return Array.from({ length: SAMPLES }, () => sampleOf(pattern, random)).filter((text) => text !== undefined)
}

/** What people constrain texts to most often. */
const SHAPES: readonly string[] = [
  'someone@example.com',
  'other.one@example.org',
  'https://example.com/a?b=c',
  'http://example.org',
  'example.com',
  'a-slug',
  'snake_case',
  'UPPER',
  'Title',
  'Aa1!aaaa',
  'en',
  'de-CH',
  'en_US',
  'DE',
  'US',
  'EUR',
  'USD',
  'UTC',
  'Europe/Berlin',
  '+41791234567',
  '#a1b2c3',
  'a1b2c3d4',
  '0',
  '1',
  '42',
  '12.5',
  '2024-02-29',
  '12:30',
  '2024-02-29T12:30:00Z',
  '1.2.3',
  'v1.2.3',
  '00000000-0000-4000-8000-00000000002a',
  '10.0.0.1',
  '/a/path',
  '{}',
  '{"a": 1}',
  'a',
  'ab',
  'abc',
  'true',
  'x'.repeat(32),
  'd41d8cd98f00b204e9800998ecf8427e',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
]

const days: Read = (constants, _, name) => {
  const moments = constants.filter(({ type }) => /^(?:date|timestamp)/.test(type)).flatMap(({ text }) => momentOf(text))
  const year = constants.filter(({ text }) => /^\d{4}$/.test(text)).flatMap(({ text }) => momentOf(`${text}-06-15`))
  const spread = [...moments, ...year].flatMap((at) => [0, 1, -1, 10, -10].map((shift) => at + shift * DAY))
  return [...spread, ...middles(moments)].flatMap((at) => dayText(at, name))
}

const DAY = 86_400_000

function middles(moments: readonly number[]): readonly number[] {
  const sorted = [...moments].sort((a, b) => a - b)
  return sorted.slice(1).map((value, at) => (value + (sorted[at] ?? value)) / 2)
}

function momentOf(text: string): readonly number[] {
  const match = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*)?([+-]\d\d(?::?\d\d)?)?$/.exec(text)
  if (!match) return []
  const zone = match[3] ? (match[3].length === 3 ? `${match[3]}:00` : match[3]) : 'Z'
  const at = Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}${zone}`)
  return Number.isNaN(at) ? [] : [at]
}

function dayText(at: number, name: string): readonly string[] {
  const date = new Date(at)
  if (Number.isNaN(at) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999) return []
  const text = date.toISOString()
  if (name === 'date') return [text.slice(0, 10)]
  const plain = text.slice(0, 23).replace('T', ' ')
  return [name === 'timestamptz' ? `${plain}+00` : plain]
}

const clock: Read = (constants) =>
  constants
    .filter(({ type }) => type.startsWith('time'))
    .flatMap(({ text }) => [text, '12:00:00', '00:30:00', '18:30:00'])

const documents: Read = (constants, _, name) => {
  const words = [...new Set(constants.filter(({ type }) => !type.startsWith('json')).map(({ text }) => text))].slice(
    0,
    12,
  )
  const object = (value: (word: string) => unknown) =>
    JSON.stringify(Object.fromEntries(words.map((word) => [word, value(word)])))
  const own = constants.filter(({ type }) => type === name).map(({ text }) => text)
  const values: readonly ((word: string) => unknown)[] = [
    () => 'x',
    () => 1,
    () => true,
    () => ({}),
    () => [],
    (word) => word,
  ]
  return [...own, ...values.map(object), '{}', '{"a": 1}', '[]', '[1, "a"]', '"text"', '12.5', 'true', 'null']
}

const READERS: Readonly<Record<string, Read>> = {
  int2: integers,
  int4: integers,
  int8: integers,
  oid: integers,
  numeric: decimals,
  float4: decimals,
  float8: decimals,
  money: decimals,
  text: texts,
  citext: texts,
  varchar: texts,
  bpchar: texts,
  name: texts,
  date: days,
  timestamp: days,
  timestamptz: days,
  time: clock,
  timetz: clock,
  json: documents,
  jsonb: documents,
  bytea: bytes,
  bool: () => ['true', 'false'],
  interval: (constants) => [
    ...constants.filter(({ type }) => type === 'interval').map(({ text }) => text),
    '1 day',
    '90 minutes',
  ],
}

/** All constants together, for conditions over what an array holds. */
function listHint(constants: readonly Constant[]): string {
  const texts = [...new Set(constants.map(({ text }) => `"${text.replace(/["\\]/g, '\\$&')}"`))]
  return `{${texts.join(',')}}`
}
