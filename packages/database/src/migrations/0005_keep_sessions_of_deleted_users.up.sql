-- Deleting a user deleted their sessions, and with them the organisation's history. The action of a foreign key
-- cannot be altered, so it is replaced, in one statement: no row slips in unchecked between the two.
-- NOT VALID skips the scan of old rows, which would keep writers off both tables; new rows are checked at once.
-- The scan follows in 0006, in a transaction of its own, under a lock that lets writers through.
ALTER TABLE sessions
  DROP CONSTRAINT sessions_user_id_fkey,
  ADD CONSTRAINT sessions_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL NOT VALID;
