import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/**
 * Makes roles that nobody logs in with; one that another process makes meanwhile is there as well. One that an open
 * transaction has made is not waited for long.
 */
export function createRoles(admin: SqlSession): (names: readonly string[]) => Promise<void> {
  return async (names) => {
    if (names.length === 0) return
    const made = names.map(
      (name) => `
      IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)}) THEN
        BEGIN CREATE ROLE ${identifier(name)}; EXCEPTION WHEN duplicate_object OR unique_violation OR lock_not_available THEN NULL; END;
      END IF;`,
    )
    await admin.execute(
      `DO $roles$ BEGIN PERFORM pg_catalog.set_config('lock_timeout', '2s', true); ${made.join('')} END $roles$`,
    )
  }
}
