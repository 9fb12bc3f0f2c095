/**
 * Values of the types that PostgreSQL and its usual extensions bring, as input texts.
 * https://www.postgresql.org/docs/current/datatype.html
 */

/** Endless distinct values, in ascending order where the type has one, and some that are easily lost on the way. */
export interface Values {
  /** At the limits of the type: longest, finest, largest, not ASCII. */
  readonly edges: readonly string[]
  /** What a migration's own statements look for, one a row; undefined where such a row is free. */
  readonly hints?: readonly (string | null | undefined)[]
  /** The value of that number; ordinary ones that few programs stumble over. */
  plain(index: number): string
}

/** Undefined for a type that is not known here: its input has to be guessed. */
export function scalarValues(name: string, modifiers: readonly number[]): Values | undefined {
  const make = SCALARS[name]
  return make?.(modifiers)
}

/** Inputs that many types accept, for types that nobody knows. */
export const GUESSES: readonly string[] = [
  '1',
  'a',
  '(1,2)',
  '{}',
  '[1,2,3]',
  '0',
  '1.5',
  '',
  '2024-02-29',
  '{"a": 1}',
  'POINT(1 2)',
  '10.0.0.1',
  '(1,2,3)',
  'a=>1',
  '1 .. 2',
]

type Make = (modifiers: readonly number[]) => Values

const fixed =
  (...texts: readonly string[]): Make =>
  () => ({ edges: texts, plain: (index) => texts[index % texts.length] ?? '' })

const counted =
  (edges: readonly string[], plain: (index: number) => string): Make =>
  () => ({ edges, plain })

const ordinal = (index: number) => String(index + 1)

const SCALARS: Readonly<Record<string, Make>> = {
  int2: counted(['32767', '-32768', '0', '-1', '1000'], ordinal),
  int4: counted(['2147483647', '-2147483648', '0', '-1', '1000'], ordinal),
  int8: counted(['9223372036854775807', '-9223372036854775808', '0', '-1', '9007199254740993'], ordinal),
  oid: counted(['4294967295'], ordinal),
  xid: counted([], ordinal),
  xid8: counted([], ordinal),
  cid: counted([], ordinal),
  numeric: numeric,
  money: counted(['-12.34', '0', '1234567.89'], (index) => `${index + 1}.50`),
  float4: counted(['0.1', '-0', '1.5e10', '16777216', '3.14159'], (index) => `${index + 1}.25`),
  float8: counted(
    ['0.30000000000000004', '-0', '1e100', '9007199254740993', '123456.789012345'],
    (index) => `${index + 1}.25`,
  ),
  bool: fixed('true', 'false'),
  text: counted(longTexts(), plainText),
  citext: counted(longTexts(), plainText),
  varchar: ([limit]) => texts(limit),
  bpchar: ([limit = 1]) => texts(limit),
  name: counted(["it's Ünïque"], plainText),
  char: fixed('a', 'Z', '~', '0'),
  date: counted(['2024-02-29', '1969-12-31', '0044-03-15 BC', '9999-12-31'], (index) => day(index)),
  time: ([digits]) => times(digits, ''),
  timetz: ([digits]) => times(digits, '+05:30'),
  timestamp: counted(
    ['2024-02-29 23:59:59.999999', '1969-12-31 23:59:59.5', '0044-03-15 12:00:00 BC', '2024-03-10 02:30:00.000001'],
    moment,
  ),
  timestamptz: counted(
    [
      '2024-02-29 23:59:59.999999+00',
      '1969-12-31 23:59:59.5-08',
      '0044-03-15 12:00:00+00 BC',
      '2024-03-10 02:30:00.000001+05:45',
    ],
    (index) => `${moment(index)}+00`,
  ),
  interval: counted(
    ['1 year 2 mons -3 days +04:05:06.789012', '-1 days +02:03:00', '00:00:00', '30 days', '1 mon'],
    (index) => `${index + 1} hours`,
  ),
  uuid: counted(['ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'], uuid),
  json: counted(['{"b": 1,  "a": [1, 2.50, null],  "a": "ü"}', '{}', '[]', '{"nested": {"deep": [{}]}}'], document),
  jsonb: counted(['{"b": 1, "a": [1, 2.50, null], "ü": "漢"}', '{}', '[]', '{"nested": {"deep": [{}]}}'], document),
  jsonpath: fixed('$."a"', '$."b"[*]?(@ > 1)'),
  bytea: counted(['\\x', '\\x00ff5c27', '\\xdeadbeef'], (index) => `\\x${(index + 1).toString(16).padStart(8, '0')}`),
  inet: counted(['192.168.0.1/24', '::1', '2001:db8::ff00:42:8329/64'], (index) => address(index)),
  cidr: counted(['10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0'], (index) => `${address(index)}/32`),
  macaddr: counted(['ff:ff:ff:ff:ff:ff'], (index) => mac(index, 6)),
  macaddr8: counted(['ff:ff:ff:ff:ff:ff:ff:ff'], (index) => mac(index, 8)),
  bit: ([length = 1]) => bits(length),
  varbit: ([length]) => bits(length ?? 9),
  point: counted(['(-0.1,1e10)', '(0,0)'], (index) => `(${index + 1},${index + 2})`),
  line: counted([], (index) => `{${index + 1},2,3}`),
  lseg: counted([], (index) => `[(0,0),(${index + 1},1)]`),
  box: counted([], (index) => `(${2 * index + 1},1),(${2 * index},0)`),
  path: counted(['[(0,0),(1,1)]'], (index) => `((0,0),(1,1),(${index + 2},0))`),
  polygon: counted([], (index) => `((0,0),(1,1),(${index + 2},0))`),
  circle: counted([], (index) => `<(${10 * index},0),1>`),
  xml: counted(['<a b="1">ü &amp; <c/></a>'], (index) => `<n>${index}</n>`),
  tsvector: counted(["'cat':3A 'fat':2,4"], (index) => `'w${index}':1`),
  tsquery: counted(["'fat' & !'cat'"], (index) => `'w${index}'`),
  pg_lsn: counted(['FFFFFFFF/FFFFFFFF'], (index) => `16/${(index + 1).toString(16).toUpperCase()}`),
  pg_snapshot: fixed('10:20:10,14,15', '1:1:'),
  txid_snapshot: fixed('10:20:10,14,15', '1:1:'),
  tid: counted([], (index) => `(0,${index + 1})`),
  int2vector: fixed('1 2', '3'),
  oidvector: fixed('1 2', '3'),
  refcursor: counted([], plainText),
  regclass: fixed('pg_catalog.pg_class', 'pg_catalog.pg_type'),
  regtype: fixed('pg_catalog.int4', 'pg_catalog.text'),
  regproc: fixed('pg_catalog.now', 'pg_catalog.pi'),
  regprocedure: fixed('pg_catalog.now()', 'pg_catalog.pi()'),
  regoper: fixed('pg_catalog.||/'),
  regoperator: fixed('pg_catalog.+(integer,integer)'),
  regnamespace: fixed('pg_catalog'),
  regrole: fixed('pg_monitor', 'pg_read_all_data'),
  regconfig: fixed('pg_catalog.simple', 'pg_catalog.english'),
  regdictionary: fixed('pg_catalog.simple'),
  regcollation: fixed('pg_catalog."C"'),
  hstore: counted(['"ü"=>"1", "b"=>NULL', ''], (index) => `"k"=>"${index}"`),
  ltree: counted(['top.science.astronomy', ''], (index) => `top.n${index}`),
  lquery: fixed('top.*', '*.astronomy'),
  ltxtquery: fixed('top & science', 'top'),
  cube: counted(['(1,2),(3,4)', '(6378168, 0, 0)'], (index) => `(${index + 1})`),
  seg: counted(['1.50 .. 2.500'], (index) => `${index + 1}`),
  isbn13: fixed('978-0-393-04002-9', '978-0-11-000222-4'),
  isbn: fixed('0-393-04002-X', '0-11-000222-1'),
  issn: fixed('1436-4522'),
  upc: fixed('220356483481'),
  ean13: fixed('4006381333931', '5901234123457'),
  geometry: counted([], (index) => `SRID=4326;POINT(${index} 2)`),
  geography: counted([], (index) => `SRID=4326;POINT(${index % 90} 2)`),
  vector: ([size = 3]) => vectors(size),
  halfvec: ([size = 3]) => vectors(size),
}

/** All digits nines: what a smaller precision or scale cannot hold. */
function numeric([precision, scale = 0]: readonly number[]): Values {
  if (precision === undefined) {
    const edges = ['12345678901234567890.123456789012345', '-0.000001', '0', '1.10']
    return { edges, plain: (index) => `${index + 1}.5` }
  }
  const largest = decimal('9'.repeat(precision), scale)
  const wholes = 10 ** Math.min(15, Math.max(0, precision - scale))
  const units = 10 ** Math.min(15, precision)
  const fraction = '25'.repeat(Math.max(0, scale)).slice(0, Math.max(0, scale))
  return {
    edges: [largest, `-${largest}`, '0', decimal('1', scale)],
    plain: (index) =>
      index + 1 < wholes
        ? decimal(`${index + 1}${fraction}`, scale)
        : decimal(String((index % (units - 1)) + 1), scale),
  }
}

/** The digits with a point so many places from their end; a negative scale puts zeros behind. */
function decimal(digits: string, scale: number): string {
  if (scale <= 0) return digits + '0'.repeat(-scale)
  const padded = digits.padStart(scale + 1, '0')
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function longTexts(): readonly string[] {
  return [
    'Grüße, 漢字 😀',
    `it's "quoted" \\ and\nbroken\t`,
    '',
    'long '.repeat(900).trimEnd(),
    ' Space  around ',
    'NULL',
    '007',
    'first, second;third|fourth/fifth',
  ]
}

function plainText(index: number): string {
  return `text ${index + 1}`
}

/** With a limit, some edges are as long as it allows, which a smaller limit cannot hold. Others are shorter, or empty. */
function texts(limit: number | undefined): Values {
  if (limit === undefined) return { edges: longTexts(), plain: plainText }
  const length = Math.min(limit, 300)
  const full = ['漢é😀ß', "o'\\k", 'AbCdefg'].map((unit) => Array.from(unit.repeat(length)).slice(0, length).join(''))
  const short = ['', ' A ', 'Z', '007', 'NULL'].filter((text) => text.length <= limit)
  return { edges: [...full, ...short], plain: (index) => shortText(index, limit) }
}

/** Letters for a number, so that even a single character has 26 values. */
function shortText(index: number, limit: number): string {
  if (limit >= 10) return plainText(index)
  let text = ''
  for (let rest = index; text.length < limit; rest = Math.floor(rest / 26)) text = LETTERS.charAt(rest % 26) + text
  return text
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

function times(digits: number | undefined, zone: string): Values {
  const finest = digits === 0 ? '' : `.${'9'.repeat(digits ?? 6)}`
  return {
    edges: [`23:59:59${finest}`, '00:00:00', '12:34:56'].map((text) => text + zone),
    plain: (index) => `${pad(8 + Math.floor((index % 900) / 60))}:${pad(index % 60)}:00${zone}`,
  }
}

function day(index: number): string {
  return new Date(Date.UTC(2021, 0, 1 + index)).toISOString().slice(0, 10)
}

function moment(index: number): string {
  return `${day(index)} ${pad(index % 24)}:15:00.25`
}

function uuid(index: number): string {
  return `00000000-0000-4000-8000-${(index + 1).toString(16).padStart(12, '0')}`
}

function document(index: number): string {
  return `{"id": ${index + 1}, "name": "n${index + 1}"}`
}

function address(index: number): string {
  return `10.0.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`
}

function mac(index: number, parts: number): string {
  const hex = (index + 1).toString(16).padStart(2 * parts, '0')
  return hex.match(/../g)?.join(':') ?? hex
}

function bits(length: number): Values {
  const size = 2 ** Math.min(length, 30)
  return {
    edges: ['1'.repeat(length), '0'.repeat(length)],
    plain: (index) => ((index + 1) % size).toString(2).padStart(length, '0'),
  }
}

function vectors(size: number): Values {
  return { edges: [], plain: (index) => `[${Array.from({ length: size }, (_, at) => index + at).join(',')}]` }
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
