/**
 * Settings that change how PostgreSQL prints names, expressions and constants; with these values, and an empty search
 * path, the same object always reads the same. On catalogs, compiling (jit) and looking for the best order of joins cost
 * more than they save.
 */
const PRINTING: Readonly<Record<string, string>> = {
  search_path: '',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  quote_all_identifiers: 'off',
  lc_monetary: 'C',
  jit: 'off',
  join_collapse_limit: '1',
}

/** Before the queries: keeps what was set and sets our values, for this transaction only. */
export const PIN = `SELECT current_setting('server_version_num') AS version, ${each(
  (name, value) =>
    `set_config('${kept(name)}', current_setting('${name}'), true) AS "${name} was", set_config('${name}', '${value}', true)`,
)}`

/** After them: what the caller's transaction had set, if there is one. */
export const UNPIN = `SELECT ${each((name) => `set_config('${name}', current_setting('${kept(name)}'), true)`)}`

function each(write: (name: string, value: string) => string): string {
  return Object.entries(PRINTING)
    .map(([name, value]) => `${write(name, value)} AS "${name}"`)
    .join(', ')
}

function kept(name: string): string {
  return `migrator.kept_${name}`
}
