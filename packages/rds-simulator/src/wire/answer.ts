import { type ErrorCode, errorTable, type RdsError } from './error.ts'
import { element, type XmlObject } from './xml.ts'

export interface Answer {
  readonly status: number
  readonly body: string
}

const namespace = 'http://rds.amazonaws.com/doc/2014-10-31/'

export function success(action: string, result: XmlObject, requestId: string): Answer {
  const inner = element(`${action}Result`, result) + element('ResponseMetadata', { RequestId: requestId })
  return { status: 200, body: document(`${action}Response`, inner) }
}

export function refusal(error: RdsError, requestId: string): Answer {
  const status = errorTable[error.code]
  const inner = element('Error', { Type: typeOf(error.code), Code: error.code, Message: error.message })
  return { status, body: document('ErrorResponse', inner + element('RequestId', requestId)) }
}

const typeOf = (code: ErrorCode): string => (errorTable[code] < 500 ? 'Sender' : 'Receiver')

function document(root: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner}</${root}>\n`
}
