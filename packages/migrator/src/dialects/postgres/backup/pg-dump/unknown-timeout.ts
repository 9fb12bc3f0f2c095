/**
 * Whether all that a pg_restore of 17 or later complained about is a setting that a server before 17 does not know: it sets
 * transaction_timeout without asking the server's version. Everything else is then restored. The server complains in its own
 * language; what pg_restore sent is in none.
 */
export function onlyUnknownTimeout(said: string): boolean {
  const errors = said.split('\n').filter((line) => /^pg_restore: error:/.test(line))
  return errors.length === 1 && /^Command was: SET transaction_timeout\b/m.test(said)
}
