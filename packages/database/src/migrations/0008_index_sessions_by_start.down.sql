-- migrator: transaction=false
-- IF EXISTS belongs here: without a transaction this file also cleans up after an `up` that stopped half-way.
DROP INDEX CONCURRENTLY IF EXISTS sessions_organisation_id_started_at_idx;
