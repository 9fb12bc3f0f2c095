// The whole service as a Hono app: no port, no environment, nothing that has to be closed.
import type { Database, SchemaStatus } from '@repo/database'
import { Hono } from 'hono'
import { answerError } from './answer-error.ts'
import { ApiError } from './api-error.ts'
import { eventRoutes } from './events/routes.ts'
import { type Log, logRequests } from './log.ts'
import { createReadiness } from './readiness.ts'
import { reportRoutes } from './reports/routes.ts'
import { requireSourceKey } from './source-key.ts'

export interface AppDeps {
  readonly db: Database
  /** Compares the database with the migration files; rejects, with a printable message, when it is unreachable. */
  readonly schemaStatus: () => Promise<SchemaStatus>
  /** Default: silent. */
  readonly log?: Log
  readonly now?: () => Date
}

export function createApp({ db, schemaStatus, log = () => undefined, now = () => new Date() }: AppDeps): Hono {
  const readiness = createReadiness(schemaStatus)
  const app = new Hono()
  app.use(logRequests(log))
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.onError((error, c) => answerError(error, c, log))
  app.notFound((c) => {
    throw new ApiError(404, 'NOT_FOUND', `There is no ${c.req.method} ${c.req.path} here.`)
  })
  app.get('/api/health', (c) => c.json({ status: 'ok' }))
  app.get('/api/ready', async (c) => {
    const answer = await readiness()
    return c.json(answer, answer.ready ? 200 : 503)
  })
  app.use('/v1/*', requireSourceKey(db))
  app.route('/v1/events', eventRoutes(db, now))
  app.route('/v1/reports', reportRoutes(db, now))
  return app
}
