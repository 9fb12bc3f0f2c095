// The second half of 0005. VALIDATE scans sessions under SHARE UPDATE EXCLUSIVE: reads and writes go on meanwhile.
// Together in one transaction the two halves gain nothing, since the strong lock of the first outlasts the scan.
// `validate` runs before `up` and turns "violates foreign key constraint" into the number of rows and a way out.
// Nothing un-validates a constraint: `down` replaces it by one that is NOT VALID, which is as quick as 0005 was.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0006_validate_sessions_user_fk'
export const description = 'Check the old sessions against the foreign key to users'

export async function validate(db: PostgresJsDatabase): Promise<void> {
  const [row] = await db.execute<{ orphans: number }>(sql`
    SELECT count(*)::int AS orphans FROM sessions AS session
    WHERE session.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE users.id = session.user_id)`)
  if (row && row.orphans > 0) {
    throw new Error(
      `${row.orphans} sessions name a user that does not exist. Restore those users, ` +
        'or set sessions.user_id to NULL where it has no match in users, then migrate again.',
    )
  }
}

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`ALTER TABLE sessions VALIDATE CONSTRAINT sessions_user_id_fkey`)
}

export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`
    ALTER TABLE sessions
      DROP CONSTRAINT sessions_user_id_fkey,
      ADD CONSTRAINT sessions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL NOT VALID`)
}
