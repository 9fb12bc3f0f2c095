import { foreignKey, index, jsonb, pgEnum, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { organisations } from './organisations.ts'
import { users } from './users.ts'

export const reportKind = pgEnum('report_kind', ['trend', 'funnel', 'retention'])

export const reports = pgTable(
  'reports',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    organisationId: uuid('organisation_id').notNull(),
    createdBy: uuid('created_by'),
    name: text('name').notNull(),
    kind: reportKind('kind').notNull().default('trend'),
    definition: jsonb('definition').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('reports_organisation_id_name_key').on(table.organisationId, table.name),
    index('reports_created_by_idx').on(table.createdBy),
    foreignKey({
      name: 'reports_organisation_id_fkey',
      columns: [table.organisationId],
      foreignColumns: [organisations.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'reports_created_by_fkey',
      columns: [table.createdBy],
      foreignColumns: [users.id],
    }).onDelete('set null'),
  ],
)
