import { type Database, type Source, schema } from '@repo/database'
import { eq } from 'drizzle-orm'
import type { MiddlewareHandler } from 'hono'
import { ApiError } from './api-error.ts'

/** Who calls: the source whose write key came with the request. */
export type Caller = Pick<Source, 'id' | 'organisationId'>

export interface CallerEnv {
  Variables: { caller: Caller }
}

/** Lets a request with a known source's write key pass, and sets `caller`. Otherwise 401, whatever was wrong. */
export function requireSourceKey(db: Database): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    const writeKey = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    const caller = writeKey === undefined ? undefined : await findCaller(db, writeKey)
    if (caller === undefined) {
      throw new ApiError(401, 'UNAUTHORIZED', "Send a source's write key: Authorization: Bearer WRITE_KEY.")
    }
    c.set('caller', caller)
    await next()
  }
}

async function findCaller(db: Database, writeKey: string): Promise<Caller | undefined> {
  const { id, organisationId, writeKey: key } = schema.sources
  const [source] = await db.select({ id, organisationId }).from(schema.sources).where(eq(key, writeKey))
  return source
}
