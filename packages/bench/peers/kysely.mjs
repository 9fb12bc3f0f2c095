// kysely's Migrator. argv: the URL, the folder. https://kysely.dev/docs/migrations
import { promises as fs } from 'node:fs'
import path from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { Pool } from 'pg'

const [connectionString, migrationFolder] = process.argv.slice(2)
const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString, max: 1 }) }) })
const migrator = new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) })
const { error } = await migrator.migrateToLatest()
await db.destroy()
if (error) throw error
