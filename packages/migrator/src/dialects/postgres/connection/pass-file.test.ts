import { expect, test } from 'vitest'
import { passwordIn } from './pass-file.ts'

const asked = { host: 'h', address: 'h', port: 5432, database: 'shop', user: 'app' }

test.each<readonly [string, string, Partial<typeof asked>, string | undefined]>([
  ['all four fields', 'h:5432:shop:app:secret', {}, 'secret'],
  ['wildcards', '*:*:*:*:secret', {}, 'secret'],
  ['the first line that fits', 'x:*:*:*:no\nh:*:*:app:first\n*:*:*:*:second', {}, 'first'],
  ['no other host', 'other:5432:shop:app:secret', {}, undefined],
  ['no other port', 'h:5433:shop:app:secret', {}, undefined],
  ['no other database', 'h:5432:other:app:secret', {}, undefined],
  ['no other user', 'h:5432:shop:other:secret', {}, undefined],
  ['not part of a name', 'h*:5432:shop:app:secret', {}, undefined],
  ['comments and empty lines', '# h:5432:shop:app:no\n\nh:5432:shop:app:secret\n', {}, 'secret'],
  ['CRLF and a byte order mark', '\uFEFFh:5432:shop:app:secret\r\n', {}, 'secret'],
  ['an escaped colon and backslash', 'h:5432:shop:app:a\\:b\\\\c', {}, 'a:b\\c'],
  ['a password up to a bare colon', 'h:5432:shop:app:secret:rest', {}, 'secret'],
  ['escapes in names', 'h:5432:my\\:db:a\\\\b:secret', { database: 'my:db', user: 'a\\b' }, 'secret'],
  ['a user called *', 'h:5432:shop:\\*:secret', {}, undefined],
  ['localhost for the usual socket', 'localhost:5432:*:*:secret', { host: '/var/run/postgresql' }, 'secret'],
  ['the folder of another socket', '/srv/run:5432:*:*:secret', { host: '/srv/run' }, 'secret'],
  ['the name where there is a hostaddr too', 'h:*:*:*:secret', { address: '10.0.0.1' }, 'secret'],
  ['an IPv6 address', '\\:\\:1:*:*:*:secret', { host: '::1' }, 'secret'],
  ['a line that is too short', 'h:5432:shop\n*:*:*:*:secret', {}, 'secret'],
  ['an empty file', '', {}, undefined],
])('finds %s', (_, text, different, password) => {
  const { host, address, port, database, user } = { ...asked, ...different }
  expect(passwordIn(text, { target: { host, address, port }, database, user })).toBe(password)
})
