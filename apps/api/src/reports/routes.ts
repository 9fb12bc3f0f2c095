import type { Database } from '@repo/database'
import { type Context, Hono } from 'hono'
import type { CallerEnv } from '../source-key.ts'
import { type Period, type Query, readLimit, readPeriod, refuseOthers } from './period.ts'
import { activeUsers, eventsPerDay, sessionLength, topEvents } from './queries.ts'

interface Question {
  readonly organisationId: string
  readonly period: Period
  readonly query: Query
}

/** The reports of the caller's organisation, all of its sources together. Each answer repeats its period. */
export function reportRoutes(db: Database, now: () => Date): Hono<CallerEnv> {
  const report =
    (others: readonly string[], ask: (question: Question) => Promise<object>) => async (c: Context<CallerEnv>) => {
      const query = c.req.query()
      refuseOthers(query, ['from', 'to', ...others])
      const period = readPeriod(query, now())
      const answer = await ask({ organisationId: c.get('caller').organisationId, period, query })
      return c.json({ from: period.from, to: period.to, ...answer })
    }
  return new Hono<CallerEnv>()
    .get(
      '/events-per-day',
      report([], (q) => eventsPerDay(db, q.organisationId, q.period)),
    )
    .get(
      '/top-events',
      report(['limit'], (q) => topEvents(db, q.organisationId, q.period, readLimit(q.query))),
    )
    .get(
      '/active-users',
      report([], (q) => activeUsers(db, q.organisationId, q.period)),
    )
    .get(
      '/session-length',
      report([], (q) => sessionLength(db, q.organisationId, q.period)),
    )
}
