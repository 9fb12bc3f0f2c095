import type { CommonFlags } from './options.ts'

/** Of the options that tell this project and database from others, those that a command lacks. */
const LACKS: Readonly<Record<string, readonly string[]>> = {
  history: ['--migrations'],
  init: ['--migrations'],
  new: ['--database-url'],
  preserved: ['--migrations'],
  protect: ['--migrations'],
  restore: ['--migrations'],
  snapshot: ['--migrations'],
  squash: ['--database-url'],
  start: ['--migrations', '--database-url'],
  stop: ['--migrations', '--database-url'],
}

/**
 * What has to be added to a command (`db:history --limit 5`) so that it means the same project and database, as it would be
 * typed; never a password: libpq's PGPASSWORD and ~/.pgpass are for that.
 */
export function carriedOptions(
  { config, migrations, databaseUrl }: Pick<CommonFlags, 'config' | 'migrations' | 'databaseUrl'>,
  command: string,
): string {
  const [name = ''] = command.replace(/^db:/, '').split(' ')
  const given = [
    ['--config', config],
    ['--migrations', migrations],
    ['--database-url', databaseUrl && withoutPassword(databaseUrl)],
  ] as const
  return given
    .filter(([flag]) => !LACKS[name]?.includes(flag))
    .map(([flag, value]) => (value ? ` ${flag} ${quoted(value)}` : ''))
    .join('')
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
