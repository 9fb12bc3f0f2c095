// What apps import: the schema, and a client over it. Migrations and the db:* commands are not part of it.
export { type Client, type ClientOptions, createClient, type Database } from './client.ts'
export { loadDotEnv } from './env.ts'
export { localDatabaseUrl } from './local-database.ts'
export type {
  DailyEventCount,
  Event,
  NewEvent,
  NewOrganisation,
  NewReport,
  NewSession,
  NewSource,
  NewUser,
  NewUserProfile,
  Organisation,
  Report,
  ReportKind,
  Session,
  Source,
  User,
  UserProfile,
} from './rows.ts'
export * as schema from './schema/index.ts'
export { assertSchemaVersion, type SchemaStatus, schemaStatus } from './schema-status.ts'
export { type SeedCounts, seed } from './seed.ts'
