import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createProject, type Project, pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { saidBy } from '../support/scene.ts'
import { startTranslated, type TranslatedServer } from '../support/translated.ts'

let server: TranslatedServer | undefined
let project: Project
const name = `translated_${process.pid}`
const urlOf = (database = name, user = 'postgres') => {
  const url = new URL(server?.url ?? inject('serverUrl'))
  if (user !== 'postgres') Object.assign(url, { username: user, password: '' })
  return Object.assign(url, { pathname: `/${database}` }).href
}

beforeAll(async () => {
  server = await startTranslated()
  await databaseOn(urlOf('postgres'), async (sql) => {
    await sql.unsafe(`CREATE DATABASE ${name}`)
    await sql.unsafe(`CREATE ROLE ${name} LOGIN`)
  })
  project = await createProject(urlOf(), pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'))
  const first = await project.run(['migrate'])
  expect(first.code, saidBy(first)).toBe(0)
})
afterAll(async () => {
  await project.remove()
  await databaseOn(urlOf('postgres'), async (sql) => {
    await sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)
    await sql.unsafe(`DROP ROLE ${name}`)
  })
  await server?.stop()
})

interface Case {
  readonly up?: string
  readonly words?: readonly string[]
  readonly database?: string
  readonly user?: string
  readonly code: string
}

/** The same codes as on an English server: nothing is read out of the words of a message. */
const CASES: Readonly<Record<string, Case>> = {
  'a database that does not exist': { database: 'nowhere', code: 'DATABASE_NOT_FOUND' },
  'a role that does not exist': { user: 'nobody_here', code: 'AUTHENTICATION_FAILED' },
  'a role without privileges': { user: name, code: 'PERMISSION_DENIED' },
  'an error of the migration': { up: 'SELECT 1/0;', code: 'MIGRATION_FAILED' },
  'a value that is none': { up: "SELECT 'x'::int;", code: 'MIGRATION_FAILED' },
  'a violated constraint': {
    up: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (1);',
    code: 'MIGRATION_FAILED',
  },
  'a statement that takes too long': {
    up: 'SELECT pg_sleep(60);',
    words: ['--statement-timeout', '300ms'],
    code: 'STATEMENT_TIMEOUT',
  },
  'a lock that is not free': {
    up: "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'nicht frei'; END $$;",
    words: ['--lock-retries', '0'],
    code: 'LOCK_TIMEOUT',
  },
  'a history that is gone': { up: 'DROP TABLE schema_migrations;', code: 'HISTORY_CHANGED' },
  'a history that is emptied': { up: 'TRUNCATE schema_migrations;', code: 'HISTORY_CHANGED' },
  'a transaction that is read-only': {
    up: 'SET transaction_read_only = on; CREATE TABLE t ();',
    code: 'DATABASE_READ_ONLY',
  },
  'a session that is ended': { up: 'SELECT pg_terminate_backend(pg_backend_pid());', code: 'CONNECTION_LOST' },
  "an event trigger of the migration's own": {
    up: `CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nein:'; END $$;
      CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no(); CREATE TABLE t ();`,
    code: 'MIGRATION_FAILED',
  },
}

test.each(Object.entries(CASES))(
  'a server that speaks German: %s',
  async (_, { up = 'SELECT 1;', words = [], ...told }) => {
    await project.write(pair('0002_two', up, 'SELECT 1;'))
    const DATABASE_URL = urlOf(told.database, told.user)
    const failed = await project.run(['migrate', '--json', ...words], { DATABASE_URL })
    expect(failed.code, saidBy(failed)).toBe(1)
    const { code, message } = failed.json().error
    expect(code, saidBy(failed)).toBe(told.code)
    expect(message).toMatch(/[^.:]\.$/)
  },
)

test('an event trigger is found by its function, whatever the language of the context', async () => {
  await databaseOn(urlOf(), (sql) =>
    sql.unsafe(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nein'; END $$;
      CREATE EVENT TRIGGER standing ON ddl_command_end EXECUTE FUNCTION refuse()`),
  )
  await project.write(pair('0002_two', 'CREATE TABLE two ();', 'SELECT 1;'))
  const failed = await project.run(['migrate', '--json'])
  await databaseOn(urlOf(), (sql) => sql.unsafe('DROP EVENT TRIGGER standing'))
  expect(failed.json().error, saidBy(failed)).toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(failed.json().error.message).toContain('event trigger standing')
})

test('it does speak German', async () => {
  const said = await databaseOn(urlOf(), (sql) => sql.unsafe('SELECT 1/0').catch(({ message }: Error) => message))
  expect(said).toBe(server ? 'Division durch Null' : 'division by zero')
})
