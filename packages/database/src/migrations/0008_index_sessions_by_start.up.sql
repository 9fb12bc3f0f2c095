-- migrator: transaction=false
-- A plain CREATE INDEX keeps writers off until it is built; CONCURRENTLY lets them through, but refuses to run in a
-- transaction. No IF NOT EXISTS: a failed build leaves an INVALID index, which IF NOT EXISTS would take for a good one.
-- One statement a file: if it fails, everything of it has failed.
CREATE INDEX CONCURRENTLY sessions_organisation_id_started_at_idx ON sessions (organisation_id, started_at);
