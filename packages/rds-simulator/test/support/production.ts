import type postgres from 'postgres'

/** Some ten thousands of rows in the product's tables, the same every time. */
export async function fillProduction(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`
    INSERT INTO organisations (id, slug, name)
      SELECT ${uuid('a', 'n')}, 'org-' || n, 'Organisation ' || n FROM generate_series(1, 40) n;
    INSERT INTO users (id, organisation_id, email, traits)
      SELECT ${uuid('b', 'n')}, ${uuid('a', 'n % 40 + 1')}, 'user-' || n || '@example.org', jsonb_build_object('plan', n % 3)
        FROM generate_series(1, 4000) n;
    INSERT INTO sources (id, organisation_id, name, write_key)
      SELECT ${uuid('c', 'n')}, ${uuid('a', 'n')}, 'web', 'key-' || n FROM generate_series(1, 40) n;
    INSERT INTO sessions (id, organisation_id, source_id, user_id, started_at, ended_at)
      SELECT ${uuid('d', 'n')}, ${uuid('a', 'n % 40 + 1')}, ${uuid('c', 'n % 40 + 1')}, ${uuid('b', 'n % 4000 + 1')},
             timestamptz '2026-09-01 00:00Z' + n * interval '3 min', timestamptz '2026-09-01 00:02Z' + n * interval '3 min'
        FROM generate_series(1, 10000) n;
    INSERT INTO events (id, organisation_id, source_id, name, properties, occurred_at)
      SELECT ${uuid('e', 'n')}, ${uuid('a', 'n % 40 + 1')}, ${uuid('c', 'n % 40 + 1')}, 'page_viewed',
             jsonb_build_object('page', n % 50), timestamptz '2026-09-01 00:00Z' + n * interval '2 min'
        FROM generate_series(1, 30000) n;
    INSERT INTO reports (id, organisation_id, created_by, name, kind)
      SELECT ${uuid('f', 'n')}, ${uuid('a', 'n % 40 + 1')}, ${uuid('b', 'n')}, 'Report ' || n,
             (enum_range(NULL::report_kind))[n % 3 + 1]
        FROM generate_series(1, 600) n`)
}

function uuid(letter: string, number: string): string {
  return `('${letter}0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`
}

const MIGRATIONS = 'src/migrations'

/**
 * The bad one of the incident: it throws away traits and two thirds of the reports, adds a column that customers fill at
 * once, and its `down` gives back the shape of the tables but none of what was in them.
 */
export const badMigration = {
  [`${MIGRATIONS}/0015_consents.up.sql`]: `
    ALTER TABLE users ADD COLUMN consent text;
    DELETE FROM reports WHERE kind <> 'trend';
    ALTER TABLE users DROP COLUMN traits;
  `,
  [`${MIGRATIONS}/0015_consents.down.sql`]: `
    ALTER TABLE users ADD COLUMN traits jsonb NOT NULL DEFAULT '{}';
    ALTER TABLE users DROP COLUMN consent;
  `,
}
