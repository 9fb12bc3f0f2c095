-- No CASCADE: a view that somebody built on this one should stop us.
DROP VIEW daily_event_counts;
