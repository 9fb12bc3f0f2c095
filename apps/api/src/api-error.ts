import type { ContentfulStatusCode } from 'hono/utils/http-status'

export type ApiErrorCode =
  | 'UNAUTHORIZED'
  | 'NOT_FOUND'
  | 'INVALID_JSON'
  | 'INVALID_INPUT'
  | 'TOO_LARGE'
  | 'SCHEMA_NOT_READY'
  | 'DATABASE_UNAVAILABLE'
  | 'INTERNAL'

/** A refusal in words that the caller may read: its message becomes the answer. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode
  readonly code: ApiErrorCode
  /** The field or query parameter at fault: `name`, `events[3].userId`, `from`. */
  readonly field: string | undefined

  constructor(status: ContentfulStatusCode, code: ApiErrorCode, message: string, field?: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.field = field
  }
}
