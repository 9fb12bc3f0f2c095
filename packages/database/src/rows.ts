// The rows of each table, as Drizzle reads and inserts them.
import type * as schema from './schema/index.ts'

export type Organisation = typeof schema.organisations.$inferSelect
export type NewOrganisation = typeof schema.organisations.$inferInsert
export type User = typeof schema.users.$inferSelect
export type NewUser = typeof schema.users.$inferInsert
export type UserProfile = typeof schema.userProfiles.$inferSelect
export type NewUserProfile = typeof schema.userProfiles.$inferInsert
export type Source = typeof schema.sources.$inferSelect
export type NewSource = typeof schema.sources.$inferInsert
export type Event = typeof schema.events.$inferSelect
export type NewEvent = typeof schema.events.$inferInsert
export type Session = typeof schema.sessions.$inferSelect
export type NewSession = typeof schema.sessions.$inferInsert
export type Report = typeof schema.reports.$inferSelect
export type NewReport = typeof schema.reports.$inferInsert
export type ReportKind = (typeof schema.reportKind.enumValues)[number]
export type DailyEventCount = typeof schema.dailyEventCounts.$inferSelect
