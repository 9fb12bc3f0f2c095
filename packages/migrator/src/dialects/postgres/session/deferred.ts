import type { Action } from '../../../core/migration.ts'

/** Whether what an action does may wait until COMMIT, as far as its own text tells. Code may do anything. */
export function mayDefer(action: Action): boolean {
  return action.kind === 'module' || /deferr/i.test(action.sql)
}

export const ANY_DEFERRABLE = 'EXISTS (SELECT 1 FROM pg_catalog.pg_constraint WHERE condeferrable)'

/**
 * Fires what is deferred, and defers again what is declared so: a later ALTER TABLE refuses a table with pending triggers.
 * By name, because SET CONSTRAINTS ALL would hold for constraints that later steps create. A name that a constraint
 * which cannot be deferred shares cannot be deferred again, so its triggers are left pending.
 * https://www.postgresql.org/docs/current/sql-set-constraints.html
 */
export const FIRE_DEFERRED = `DO $$ DECLARE all_names text; late_names text; BEGIN
  SELECT pg_catalog.string_agg(name, ', '), pg_catalog.string_agg(name, ', ') FILTER (WHERE late)
    INTO all_names, late_names
    FROM (SELECT pg_catalog.format('%I.%I', n.nspname, c.conname) AS name, pg_catalog.bool_or(c.condeferred) AS late
            FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
           WHERE NOT pg_catalog.pg_is_other_temp_schema(n.oid) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           GROUP BY 1
          HAVING pg_catalog.bool_or(c.condeferrable)
             AND (pg_catalog.bool_and(c.condeferrable) OR NOT pg_catalog.bool_or(c.condeferred))) AS named;
  IF all_names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || all_names || ' IMMEDIATE'; END IF;
  IF late_names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || late_names || ' DEFERRED'; END IF;
END $$`

const CHECK = 'migrator_check'

/** Fires the rest too, and takes that back. */
export const CHECK_DEFERRED = `SAVEPOINT ${CHECK}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO SAVEPOINT ${CHECK}; RELEASE SAVEPOINT ${CHECK}`
