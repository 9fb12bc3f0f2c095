import { MigratorError } from '../../errors.ts'

/**
 * What a failure means for trying again. `cut`: it is not known whether the call took effect; `unreached`: it surely did
 * not; `unimplemented`: another implementation of the API that lacks this action.
 */
export type FailureKind = 'throttled' | 'cut' | 'unreached' | 'unimplemented' | 'refused'

/** The client names an error by its class or by the code on the wire; both mean the same, and "Fault" comes and goes. */
export function awsErrorName(error: unknown): string | undefined {
  const foreign = error instanceof MigratorError ? error.cause : error
  return foreign instanceof Error ? foreign.name.replace(/(?:Fault|Exception)$/, '') : undefined
}

export function isAwsError(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(awsErrorName(error) ?? '')
}

/** A skewed clock is among them: the SDK learns the server's time from the refusal, and the next try has it right. */
const THROTTLED = new Set([
  'Throttling',
  'Throttled',
  'RequestThrottled',
  'RequestLimitExceeded',
  'TooManyRequests',
  'SlowDown',
  'BandwidthLimitExceeded',
  'PriorRequestNotComplete',
  'RequestTimeTooSkewed',
])
const UNIMPLEMENTED = new Set(['InvalidAction', 'NotImplemented', 'UnknownOperation', 'UnsupportedOperation'])
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'])
export const CUT = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'])

export function failureKind(error: unknown): FailureKind {
  const foreign = error instanceof MigratorError ? error.cause : error
  const name = awsErrorName(foreign) ?? ''
  const status = httpStatus(foreign)
  const code = systemCode(foreign)
  if (THROTTLED.has(name) || status === 429) return 'throttled'
  if (UNIMPLEMENTED.has(name) || status === 501) return 'unimplemented'
  if (UNREACHED.has(code)) return 'unreached'
  if (CUT.has(code) || name === 'TimeoutError') return 'cut'
  if (status !== undefined && (status >= 500 || (status === 200 && name === 'Error'))) return 'cut'
  return 'refused'
}

/** Whether the same call may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  const kind = failureKind(error)
  return kind === 'throttled' || kind === 'cut' || kind === 'unreached'
}

export function metadataOf(error: unknown): { httpStatusCode?: number; requestId?: string } | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  return typeof metadata === 'object' && metadata !== null ? metadata : undefined
}

export function httpStatus(error: unknown): number | undefined {
  return metadataOf(error)?.httpStatusCode
}

/** Node's code, also below what wraps it: connecting to several addresses gives an AggregateError. */
export function systemCode(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ('code' in inner && typeof inner.code === 'string') return inner.code
    const [first] = inner instanceof AggregateError ? inner.errors : []
    if (first instanceof Error && 'code' in first) return String(first.code)
  }
  return ''
}
