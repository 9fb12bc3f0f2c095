-- Indexes, constraints and comments go with their table. No CASCADE: whatever else came to depend on it should stop us.
DROP TABLE sessions;
