import type { CommonFlags } from './options.ts'

/**
 * The options that tell this project and database from others, as they would be typed again; never a password: libpq's
 * PGPASSWORD and ~/.pgpass are for that.
 */
export function carriedOptions({
  config,
  migrations,
  databaseUrl,
}: Pick<CommonFlags, 'config' | 'migrations' | 'databaseUrl'>): string {
  const given = [
    ['--config', config],
    ['--migrations', migrations],
    ['--database-url', databaseUrl && withoutPassword(databaseUrl)],
  ] as const
  return given.map(([flag, value]) => (value ? ` ${flag} ${quoted(value)}` : '')).join('')
}

function withoutPassword(url: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return url.replace(PAIR, '').trim()
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@]*?):[^/?#]*@/i, '$1@')
    .replace(/([?&])(?:ssl)?password=[^&#]*(&?)/gi, (_, before: string, after: string) => (after ? before : ''))
}

/** `password = 'it''s'` of a string of name=value pairs. */
const PAIR = /\b(?:ssl)?password\s*=\s*(?:'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)\s*/gi

function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}
