import type { Backend } from '../wire/greeting.ts'

/**
 * What our sessions rely on, whatever is set for the database or the role: they are not ended for being idle or for
 * taking long, strings read as the parser reads them, names print plainly, and COMMIT is answered by a server that has
 * written it down. What a migration may mean otherwise is left alone: search_path, TimeZone, isolation, tablespace.
 */
export function pins({ versionNumber }: Backend, set: 'SET' | 'SET LOCAL'): string {
  const settings = [
    'idle_session_timeout = 0',
    'idle_in_transaction_session_timeout = 0',
    ...(versionNumber >= 170_000 ? ['transaction_timeout = 0'] : []),
    'standard_conforming_strings = on',
    'quote_all_identifiers = off',
  ]
  const local = set === 'SET LOCAL'
  return `${settings.map((setting) => `${set} ${setting}`).join('; ')};
    SELECT pg_catalog.set_config('synchronous_commit', 'on', ${local})
     WHERE pg_catalog.current_setting('synchronous_commit') = 'off'`
}

/** Of a direct connection: what we ask for ourselves has no limit. Steps set theirs. */
export const WITHOUT_LIMITS = 'SET statement_timeout = 0; SET lock_timeout = 0'

/**
 * The same for one message through a pooler, where a SET would reach other clients. In a transaction that began before,
 * its own limits hold.
 */
export const WITHOUT_LIMITS_ALONE = `SELECT pg_catalog.set_config('statement_timeout', '0', true), pg_catalog.set_config('lock_timeout', '0', true),
  pg_catalog.set_config('quote_all_identifiers', 'off', true)
  WHERE pg_catalog.now() = pg_catalog.statement_timestamp()`
