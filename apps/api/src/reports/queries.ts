// The reports of one organisation. Every condition is on the bare timestamp: that is what skips partitions and uses the
// index; the view daily_event_counts, whose days are computed, would read every month.
import { type Database, schema } from '@repo/database'
import { and, asc, count, countDistinct, desc, eq, gte, isNotNull, lt, sql } from 'drizzle-orm'
import { daysOf, type Period } from './period.ts'

const { events, sessions } = schema
const utcDay = sql<string>`to_char(${events.occurredAt} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`

/** Events of each day of the period; a day without any is there with 0. */
export async function eventsPerDay(db: Database, organisationId: string, period: Period) {
  const rows = await db
    .select({ day: utcDay, value: count() })
    .from(events)
    .where(eventsWithin(organisationId, period))
    .groupBy(utcDay)
  return { days: everyDay(period, rows).map(({ day, value }) => ({ day, eventCount: value })) }
}

/** The most frequent event names, most frequent first, equals by name. */
export async function topEvents(db: Database, organisationId: string, period: Period, limit: number) {
  const rows = await db
    .select({ name: events.name, eventCount: count(), userCount: countDistinct(events.userId) })
    .from(events)
    .where(eventsWithin(organisationId, period))
    .groupBy(events.name)
    .orderBy(desc(count()), asc(events.name))
    .limit(limit)
  return { events: rows }
}

/** Users with at least one event: in the whole period, and on each of its days. Anonymous events count for nobody. */
export async function activeUsers(db: Database, organisationId: string, period: Period) {
  const condition = and(eventsWithin(organisationId, period), isNotNull(events.userId))
  const value = countDistinct(events.userId)
  const [totals, rows] = await Promise.all([
    db.select({ value }).from(events).where(condition),
    db.select({ day: utcDay, value }).from(events).where(condition).groupBy(utcDay),
  ])
  const days = everyDay(period, rows).map((row) => ({ day: row.day, activeUsers: row.value }))
  return { activeUsers: totals[0]?.value ?? 0, days }
}

/** How long the sessions lasted that began in the period; null where there were none. */
export async function sessionLength(db: Database, organisationId: string, period: Period) {
  const { durationSeconds, startedAt } = sessions
  const [row] = await db
    .select({
      sessionCount: count(),
      averageSeconds: sql<number | null>`round(avg(${durationSeconds}), 1)::float8`,
      medianSeconds: sql<number | null>`percentile_cont(0.5) WITHIN GROUP (ORDER BY ${durationSeconds})`,
    })
    .from(sessions)
    .where(and(eq(sessions.organisationId, organisationId), gte(startedAt, period.start), lt(startedAt, period.end)))
  return row ?? { sessionCount: 0, averageSeconds: null, medianSeconds: null }
}

function eventsWithin(organisationId: string, { start, end }: Period) {
  return and(eq(events.organisationId, organisationId), gte(events.occurredAt, start), lt(events.occurredAt, end))
}

type DayValue = { readonly day: string; readonly value: number }

function everyDay(period: Period, rows: readonly DayValue[]): readonly DayValue[] {
  const values = new Map(rows.map((row) => [row.day, row.value]))
  return daysOf(period).map((day) => ({ day, value: values.get(day) ?? 0 }))
}
