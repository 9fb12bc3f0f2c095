/**
 * Settings under which every value's text says all of it and is read back as the same value, whatever the database's or the
 * role's own settings are. Row security fails instead of hiding rows.
 */
export const EXACT = [
  'SET LOCAL row_security TO off',
  'SET LOCAL DateStyle TO ISO',
  'SET LOCAL IntervalStyle TO postgres',
  'SET LOCAL TimeZone TO UTC',
  'SET LOCAL extra_float_digits TO 1',
  'SET LOCAL bytea_output TO hex',
  'SET LOCAL lc_monetary TO "C"',
].join('; ')
