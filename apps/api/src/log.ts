import type { MiddlewareHandler } from 'hono'

export type LogEntry =
  | {
      readonly level: 'info'
      readonly method: string
      readonly path: string
      readonly status: number
      readonly ms: number
    }
  | {
      readonly level: 'error'
      readonly method: string
      readonly path: string
      readonly code: string
      readonly error: string
      readonly sqlState?: string
      readonly stack?: string
    }

export type Log = (entry: LogEntry) => void

/** One JSON object a line: requests to stdout, what went wrong to stderr. */
export const writeLog: Log = (entry) => {
  const stream = entry.level === 'error' ? process.stderr : process.stdout
  stream.write(`${JSON.stringify({ timestamp: new Date().toISOString(), ...entry })}\n`)
}

/** Logs every request once it is answered: never its query, headers or body. */
export function logRequests(log: Log): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now()
    await next()
    const ms = Math.round((performance.now() - start) * 10) / 10
    log({ level: 'info', method: c.req.method, path: c.req.path, status: c.res.status, ms })
  }
}
