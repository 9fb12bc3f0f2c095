import { redactText } from '../../../core/redact.ts'
import { sentence } from '../../../core/sentence.ts'

/** As much of a server's error as may be shown. */
export interface ServerWords {
  readonly code?: string | undefined
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly where?: string | undefined
}

/**
 * What the server says of an error, without what rows hold: this text reaches logs, events and reports. Its DETAIL stays where it
 * names objects; a bad value (class 22) is left out of the message.
 */
export function tellableWords(server: ServerWords): string {
  const { code = '', detail, hint } = server
  const ofObjects = TELLS_OF_OBJECTS.has(code.slice(0, 2))
  const message = code.startsWith('22') && code !== OF_A_SETTING ? withoutValue(server.message) : server.message
  const withheld = message !== server.message || (detail !== undefined && !ofObjects)
  const said = [message, ofObjects ? detail : undefined, withheld ? WITHHELD : undefined, hint && `Hint: ${hint}`]
  const parts = said.filter((each) => each !== undefined && each !== '')
  return redactText(parts.map((each = '', at) => (at < parts.length - 1 ? sentence(each) : each)).join(' '))
}

/** invalid_parameter_value */
const OF_A_SETTING = '22023'

const WITHHELD = '(--verbose shows the values)'

/** Classes whose DETAIL names objects, settings or sessions. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const TELLS_OF_OBJECTS = new Set([
  ...['08', '0A', '0L', '0P', '25', '26', '28', '2B', '2D', '34', '3B', '3D', '3F', '40'],
  ...['42', '53', '54', '55', '57', '58', 'F0'],
])

/** What stands between the first and the last quotation mark, of whatever language. */
export function withoutValue(message: string): string {
  const from = message.search(/["«„“]/)
  const to = Math.max(...['"', '»', '“', '”'].map((mark) => message.lastIndexOf(mark)))
  return from < 0 || to <= from ? message : `${message.slice(0, from + 1)}…${message.slice(to)}`
}

/** The calls that led to an error; what they quote are statements, parameters and rows. */
export function tellableContext(where: string): string {
  const lines = where.split('\n').map((line) => {
    const quoted = line.search(/["'«„“=]/)
    return quoted < 0 ? line : `${line.slice(0, quoted).trimEnd()} …`
  })
  return redactText(lines.join('\n'))
}

/** What was left out, for the eyes of who sits at the terminal. */
export function withheldWords(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined
  const { detail, where } = error as Error & Partial<ServerWords>
  const told = [detail && `DETAIL: ${detail}`, where && `CONTEXT: ${where}`].filter((each) => each)
  return told.length === 0 ? undefined : redactText(told.join('\n'))
}
