-- An enum is right for a closed set that the code switches over. It can grow but never shrink: a later ADD VALUE
-- cannot be taken back, nor used in the transaction that adds it. A set that users may edit wants a table instead.
-- What a report asks for is jsonb: its shape depends on the kind, and nothing joins on it.
CREATE TYPE report_kind AS ENUM ('trend', 'funnel', 'retention');

CREATE TABLE reports (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid NOT NULL,
  created_by uuid,
  name text NOT NULL,
  kind report_kind NOT NULL DEFAULT 'trend',
  definition jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT reports_organisation_id_name_key UNIQUE (organisation_id, name),
  CONSTRAINT reports_organisation_id_fkey
    FOREIGN KEY (organisation_id) REFERENCES organisations (id) ON DELETE CASCADE,
  CONSTRAINT reports_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX reports_created_by_idx ON reports (created_by);

COMMENT ON TABLE reports IS 'Saved questions about events.';
COMMENT ON TYPE report_kind IS 'How a report is computed and drawn.';
