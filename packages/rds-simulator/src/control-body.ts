import type { Fault, FaultKind } from './faults.ts'

/** A JSON object somebody sent; nothing in it is known yet. */
export type Body = Readonly<Record<string, unknown>>

/** The message says what is wrong with it, and is for whoever sent it. */
export class InvalidBody extends Error {}

export function text(body: Body, name: string): string {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidBody(`"${name}" must be a text.`)
}

/** What each kind may say beside `action` and `times`; a star marks what it must. */
const fields: Readonly<Record<FaultKind, readonly string[]>> = {
  'access-denied': [],
  'expired-token': [],
  'invalid-token': [],
  throttling: [],
  'quota-exceeded': [],
  'duplicate-id': [],
  'snapshot-fails': ['atPercent'],
  'snapshot-never-finishes': ['atPercent'],
  'cut-off': [],
  'html-500': [],
  latency: ['ms*'],
  status: ['id*', 'status*', 'forMs'],
}

const numbers = new Set(['times', 'atPercent', 'ms', 'forMs'])

/** Throws InvalidBody, naming what is possible. */
export function readFault(body: Body): Fault {
  const kind = text(body, 'kind')
  const own = Object.entries(fields).find(([name]) => name === kind)?.[1]
  if (own === undefined) throw new InvalidBody(`"kind" must be one of: ${Object.keys(fields).join(', ')}.`)
  const known = ['kind', 'action', 'times', ...own.map((name) => name.replace('*', ''))]
  for (const [name, value] of Object.entries(body)) checkField(name, value, known)
  const missing = own.find((name) => name.endsWith('*') && body[name.slice(0, -1)] === undefined)
  if (missing !== undefined) throw new InvalidBody(`"${missing.slice(0, -1)}" is missing.`)
  return body as unknown as Fault
}

function checkField(name: string, value: unknown, known: readonly string[]): void {
  if (!known.includes(name)) throw new InvalidBody(`"${name}" is not known here; there is: ${known.join(', ')}.`)
  if (numbers.has(name) && !(typeof value === 'number' && value >= 0))
    throw new InvalidBody(`"${name}" must be a number from 0.`)
  if (!numbers.has(name)) text({ [name]: value }, name)
}
