-- migrator: transaction=false
-- Both statements are instant, and both may run again: they also undo an `up` that stopped between any two of its own.
ALTER TABLE sessions DROP CONSTRAINT IF EXISTS sessions_duration_seconds_present;

ALTER TABLE sessions ALTER COLUMN duration_seconds DROP NOT NULL;
