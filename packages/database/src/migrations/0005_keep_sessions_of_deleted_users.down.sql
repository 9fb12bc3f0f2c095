-- The constraint was valid before, so it must be valid again: this one scans sessions while writers wait.
-- It loses nothing: a session whose user is gone by now has no user_id, which the old constraint allows as well.
ALTER TABLE sessions
  DROP CONSTRAINT sessions_user_id_fkey,
  ADD CONSTRAINT sessions_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
