import { readFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { createDatabase, onServer, type TestDatabase } from '../support/database.ts'
import { expectRefusal, type Refusal } from '../support/refusal.ts'

const SECRET = 'hunter2Sesame'
const never = [SECRET]
let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
  project = await createProject(db.url, threeTables())
  await onServer((sql) => sql.unsafe(`CREATE ROLE r_${db.name} NOLOGIN PASSWORD '${SECRET}'`))
})
afterAll(async () => {
  await project.remove()
  await db.drop()
  await onServer((sql) => sql.unsafe(`DROP ROLE r_${db.name}`))
})

type Said = Pick<Refusal, 'says' | 'hint'>

/** Commands that read, write and plan all stop in the same way, and none of them writes the password down. */
async function refusedBy(
  commands: readonly string[],
  DATABASE_URL: string,
  rest: Omit<Refusal, 'words'>,
): Promise<void> {
  for (const command of commands) {
    await expectRefusal(project, { words: command.split(' '), env: { DATABASE_URL }, never, ...rest }, db)
  }
  const log = await readFile(join(project.directory, 'logs/migrations.jsonl'), 'utf8').catch(() => '')
  expect(log).not.toContain(SECRET)
}

describe('a malformed DATABASE_URL is refused before anything is connected to', () => {
  const hint = ['postgresql://user:password@host:5432/database', 'percent-encode']
  test.each<readonly [string, string, Said['says']]>([
    ['no URL at all', `app ${SECRET}`, 'neither begins with postgresql://'],
    ['a blank one', '  ', 'it is empty'],
    ['another database', `mysql://user:${SECRET}@127.0.0.1/app`, 'neither begins with postgresql://'],
    ['a port that is no number', `postgresql://user:${SECRET}@127.0.0.1:port/app`, 'its port is not a number'],
    ['a port that is too high', `postgresql://user:${SECRET}@127.0.0.1:70000/app`, 'its port is not a number'],
    ['no database', `postgresql://user:${SECRET}@127.0.0.1:5432`, 'names no database'],
    ['a slash and no database', `postgresql://user:${SECRET}@127.0.0.1:5432/`, 'names no database'],
    ['a "#" in the password', `postgresql://user:#${SECRET}@127.0.0.1:5432/app`, 'a space or a "#"'],
    ['a space in the password', `postgresql://user:a ${SECRET}@127.0.0.1:5432/app`, 'a space or a "#"'],
    ['an "@" and a "/"', `postgresql://user:${SECRET}@part/word@127.0.0.1:5432/app`, 'percent-encoded'],
    ['a digit and a "/"', `postgresql://user:77/${SECRET}@127.0.0.1:5432/app`, 'percent-encoded'],
    ['a digit and a "?"', `postgresql://user:77?${SECRET}=1@127.0.0.1:5432/app`, 'percent-encoded'],
    ['a "/" in the password', `postgresql://user:a/${SECRET}@127.0.0.1:5432/app`, /malformed/],
    ['a "?" in the password', `postgresql://user:?${SECRET}@127.0.0.1:5432/app`, /malformed/],
    ['a "%" in the password', `postgresql://user:%${SECRET}@127.0.0.1:5432/app`, 'two hexadecimal digits'],
    ['a "%" in the name', `postgresql://user:${SECRET}@127.0.0.1:5432/100%`, 'two hexadecimal digits'],
  ])('%s', async (_, url, says) => {
    await refusedBy(['migrate'], url, { exit: 2, code: 'DATABASE_URL_INVALID', says, hint })
  })

  test('by every command that needs one', async () => {
    const expected = { exit: 2, code: 'DATABASE_URL_INVALID', says: 'neither begins with', hint }
    const commands = ['status', 'rollback', 'validate', 'history', 'baseline 0001_one', 'reset --yes', 'safe']
    await refusedBy(commands, `mysql://user:${SECRET}@127.0.0.1/app`, expected)
  })

  test('as a flag too, where it goes before the environment', async () => {
    const words = ['status', '--database-url', `mysql://user:${SECRET}@127.0.0.1/app`]
    const expected = { code: 'DATABASE_URL_INVALID', says: 'neither begins with', hint }
    await expectRefusal(project, { words, exit: 2, never, ...expected }, db)
    const misplaced = ['status', `postgresql://user:${SECRET}@127.0.0.1/app`]
    await expectRefusal(project, { words: misplaced, exit: 2, code: 'USAGE_INVALID', says: /./, hint: '--help', never })
  })
})

describe('a server that does not let us in is named, with the reason', () => {
  test('wrong password', async () => {
    const { username, host } = new URL(db.url)
    const expected = { code: 'AUTHENTICATION_FAILED', says: [host, `"${username}"`], hint: 'user and password' }
    await refusedBy(['migrate', 'status', 'migrate --dry-run'], db.as(username, SECRET), { exit: 1, ...expected })
  })

  test('unknown user, with the password in the query', async () => {
    const url = new URL(db.as('nobody_here', SECRET))
    url.password = ''
    url.searchParams.set('password', SECRET)
    const expected = { code: 'AUTHENTICATION_FAILED', says: '"nobody_here"', hint: 'user and password' }
    await refusedBy(['migrate'], url.href, { exit: 1, ...expected })
  })

  test('a role that may not log in', async () => {
    const role = `r_${db.name}`
    const expected = {
      code: 'AUTHENTICATION_FAILED',
      says: [role, 'not permitted to log in'],
      hint: 'user and password',
    }
    await refusedBy(['migrate'], db.as(role, SECRET), { exit: 1, ...expected })
  })

  test('a database that is not there', async () => {
    const url = new URL(db.url)
    url.pathname = '/there_is_none'
    const expected = { code: 'DATABASE_NOT_FOUND', says: [url.host, '"there_is_none"'], hint: 'Create the database' }
    await refusedBy(['migrate', 'status', 'rollback', 'history', 'baseline 0001_one'], url.href, {
      exit: 1,
      ...expected,
    })
  })
})

describe('names address and reason where no PostgreSQL answers', () => {
  const hint = 'Check that the server runs'
  const failed = { exit: 1, code: 'CONNECTION_FAILED', hint }
  const urlAt = (host: string) => `postgresql://user:${SECRET}@${host}/app`

  test('a host that is down', async () => {
    const { port, close } = await listen(() => {})
    await close()
    const says = [`127.0.0.1:${port}`, 'nothing listens there']
    await refusedBy(['migrate', 'status', 'rollback', 'validate'], urlAt(`127.0.0.1:${port}`), { ...failed, says })
  })

  test('an unknown host name', async () => {
    await refusedBy(['migrate'], urlAt('there-is-none.invalid:5432'), {
      ...failed,
      says: ['there-is-none.invalid', 'host name'],
    })
  })

  test('a server that closes the door', async () => {
    const { port, close } = await listen((socket) => socket.destroy())
    await refusedBy(['migrate', 'status'], urlAt(`127.0.0.1:${port}`), {
      ...failed,
      says: [`127.0.0.1:${port}`, 'cut'],
    })
    await close()
  })

  test('a server that says nothing is given up within 15 seconds', async () => {
    const { port, close } = await listen(() => {})
    const started = performance.now()
    await refusedBy(['migrate'], urlAt(`127.0.0.1:${port}`), {
      ...failed,
      says: [`127.0.0.1:${port}`, 'no answer in time'],
    })
    expect(performance.now() - started).toBeLessThan(15_000)
    await close()
  })

  test('a server that speaks another language', { timeout: 40_000 }, async () => {
    const { port, close } = await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await refusedBy(['migrate'], urlAt(`127.0.0.1:${port}`), { ...failed, says: [`127.0.0.1:${port}`] })
    await close()
  })
})

test('reports a refused connection once, without a second warning about the log table', async () => {
  const { username } = new URL(db.url)
  const { stderr } = await project.run(['migrate'], { DATABASE_URL: db.as(username, SECRET) })
  expect(stderr.trim().split('\n')).toHaveLength(2)
})

async function listen(greet: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
