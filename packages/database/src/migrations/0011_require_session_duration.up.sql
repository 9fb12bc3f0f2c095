-- migrator: transaction=false
-- SET NOT NULL alone scans the table while nobody can read it. A valid CHECK that says the same spares it the scan, and
-- VALIDATE does that scan while reads and writes go on. Each statement commits by itself, so that no strong lock
-- lasts as long as the scan. Afterwards the CHECK is of no more use. (PostgreSQL 18 can do this without a CHECK.)
ALTER TABLE sessions
  ADD CONSTRAINT sessions_duration_seconds_present CHECK (duration_seconds IS NOT NULL) NOT VALID;

ALTER TABLE sessions VALIDATE CONSTRAINT sessions_duration_seconds_present;

ALTER TABLE sessions ALTER COLUMN duration_seconds SET NOT NULL;

ALTER TABLE sessions DROP CONSTRAINT sessions_duration_seconds_present;
