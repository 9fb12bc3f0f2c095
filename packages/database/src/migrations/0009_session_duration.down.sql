-- In the opposite order: the trigger uses the functions and the column. The column's values go with it, as they must.
DROP TRIGGER sessions_set_duration ON sessions;
DROP FUNCTION set_session_duration();
DROP FUNCTION session_seconds(timestamptz, timestamptz);
ALTER TABLE sessions DROP COLUMN duration_seconds;
