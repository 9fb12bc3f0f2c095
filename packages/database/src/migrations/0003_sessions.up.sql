-- A plain SQL pair: right whenever no value has to be computed. A new table needs no care about locks, but each
-- REFERENCES takes SHARE ROW EXCLUSIVE on its parent for an instant: writers to users wait until this commits.
-- Constraints are named here, not by PostgreSQL, so that later migrations can rely on their names.
CREATE TABLE sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid NOT NULL,
  source_id uuid NOT NULL,
  user_id uuid,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  CONSTRAINT sessions_organisation_id_fkey
    FOREIGN KEY (organisation_id) REFERENCES organisations (id) ON DELETE CASCADE,
  CONSTRAINT sessions_source_id_fkey FOREIGN KEY (source_id) REFERENCES sources (id) ON DELETE CASCADE,
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_source_id_idx ON sessions (source_id);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

COMMENT ON TABLE sessions IS 'One visit: events of one person with no long pause between them.';
COMMENT ON COLUMN sessions.ended_at IS 'Time of the last event seen so far.';
