/**
 * How ALTER TABLE sets what `pg_trigger.tgenabled`, `pg_rewrite.ev_enabled` and `pg_event_trigger.evtenabled` hold.
 * https://www.postgresql.org/docs/current/catalog-pg-trigger.html
 */
export const ENABLING: Readonly<Record<string, string>> = {
  O: 'ENABLE',
  D: 'DISABLE',
  R: 'ENABLE REPLICA',
  A: 'ENABLE ALWAYS',
}
