-- First of three steps to a NOT NULL column: expand (here), backfill (0010), require (0011). Adding a nullable column
-- without a default is instant. The trigger fills it for writers that don't know it yet; it fires on INSERT only, so
-- from now on rows without a value are a fixed set that only shrinks: the backfill can end, and 0011 cannot fail.
ALTER TABLE sessions ADD COLUMN duration_seconds integer;

COMMENT ON COLUMN sessions.duration_seconds IS 'As measured by the SDK; from start to end where it measured nothing.';

CREATE FUNCTION session_seconds(started_at timestamptz, ended_at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT least(greatest(floor(extract(epoch FROM ended_at - started_at)), 0), 2147483647)::integer
$$;

CREATE FUNCTION set_session_duration() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.duration_seconds := session_seconds(NEW.started_at, NEW.ended_at);
  RETURN NEW;
END
$$;

CREATE TRIGGER sessions_set_duration
  BEFORE INSERT ON sessions
  FOR EACH ROW WHEN (NEW.duration_seconds IS NULL)
  EXECUTE FUNCTION set_session_duration();
