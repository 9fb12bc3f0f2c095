-- A view holds no rows, so creating or dropping it risks nothing; what it costs is freedom: a column that a view
-- reads can be neither dropped nor retyped. A later change drops the view and creates it anew, and its `down`
-- creates exactly this text again. A day is a UTC day here: a view must not depend on the session's time zone.
CREATE VIEW daily_event_counts AS
SELECT
  organisation_id,
  (occurred_at AT TIME ZONE 'UTC')::date AS day,
  name,
  count(*) AS event_count,
  count(DISTINCT user_id) AS user_count
FROM events
GROUP BY organisation_id, (occurred_at AT TIME ZONE 'UTC')::date, name;

COMMENT ON VIEW daily_event_counts IS 'Events by organisation, UTC day and name.';
