/** A schema with most of what people make, in an order in which it can be created. */
export const RICH_SCHEMA = `
  CREATE SCHEMA billing;
  CREATE EXTENSION pg_trgm;
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
  CREATE TYPE billing.address AS (street text COLLATE "C", number int);
  CREATE TYPE period AS RANGE (SUBTYPE = timestamptz);
  CREATE DOMAIN email AS text DEFAULT 'a@b' CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
  CREATE SEQUENCE tickets START 100 INCREMENT 5 CACHE 3 CYCLE MAXVALUE 1000;
  CREATE FUNCTION next_ticket() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('public.tickets'); $$;
  CREATE TABLE users (
    id serial PRIMARY KEY, name varchar(40) NOT NULL COLLATE "C", mail email UNIQUE, feels mood DEFAULT 'sad',
    ticket bigint DEFAULT next_ticket(), lower_name text GENERATED ALWAYS AS (lower(name)) STORED, at period,
    manager int REFERENCES users, CONSTRAINT named CHECK (name <> ''));
  CREATE TABLE billing."Invoices" (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 7), owner int REFERENCES users ON DELETE CASCADE DEFERRABLE,
    "to" billing.address, PRIMARY KEY (id)) WITH (fillfactor = 70);
  ALTER TABLE users ADD newest bigint REFERENCES billing."Invoices";
  CREATE INDEX by_name ON users USING gin (name gin_trgm_ops);
  CREATE UNIQUE INDEX by_feeling ON users (feels, lower(name)) WHERE feels IS NOT NULL;
  ALTER TABLE users CLUSTER ON users_pkey;
  ALTER TABLE users ALTER name SET STORAGE EXTERNAL, ALTER name SET STATISTICS 50;
  ALTER TABLE users ADD CONSTRAINT late CHECK (id > 0) NOT VALID;
  CREATE STATISTICS together ON feels, ticket FROM users;
  CREATE TABLE events (id int, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE events_rest PARTITION OF events DEFAULT;
  CREATE INDEX events_by_day ON events (day);
  CREATE TABLE base_note (body text);
  CREATE TABLE note (stars int) INHERITS (base_note);
  CREATE VIEW moods WITH (security_barrier) AS SELECT feels, count(*) AS n FROM users GROUP BY feels;
  CREATE VIEW by_key AS SELECT u.id, u.name, count(i.id) FROM users u JOIN billing."Invoices" i ON i.owner = u.id GROUP BY u.id;
  CREATE MATERIALIZED VIEW tallies AS SELECT n FROM moods;
  CREATE INDEX tallies_by_n ON tallies (n);
  CREATE FUNCTION shown(u users) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT name FROM moods, users LIMIT 1; END;
  CREATE PROCEDURE billing.tidy(keep int DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.note WHERE stars < keep; END $$;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name; RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION touch();
  ALTER TABLE users DISABLE TRIGGER touched;
  CREATE RULE quiet AS ON DELETE TO note DO INSTEAD NOTHING;
  ALTER TABLE note ENABLE ROW LEVEL SECURITY;
  CREATE POLICY starred ON note AS RESTRICTIVE FOR SELECT USING (stars > 1);
  ALTER TABLE note REPLICA IDENTITY FULL;
  COMMENT ON SCHEMA billing IS 'it''s money';
  COMMENT ON TABLE users IS 'people';
  COMMENT ON COLUMN users.name IS 'as they say it';
  COMMENT ON CONSTRAINT named ON users IS 'not empty';
  COMMENT ON CONSTRAINT has_at ON DOMAIN email IS 'roughly';
  COMMENT ON INDEX by_name IS 'search';
  COMMENT ON FUNCTION next_ticket() IS 'numbers';
  COMMENT ON VIEW moods IS 'how they are';
  COMMENT ON TRIGGER touched ON users IS 'off';
  COMMENT ON TYPE mood IS 'feelings';
  REVOKE EXECUTE ON FUNCTION next_ticket() FROM PUBLIC;
  GRANT SELECT ON users TO PUBLIC;
  GRANT UPDATE (name) ON users TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA billing GRANT SELECT ON TABLES TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO PUBLIC;
`
