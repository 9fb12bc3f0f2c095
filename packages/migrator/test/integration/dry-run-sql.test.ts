import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { createProject, type Project, pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { module } from '../support/scene.ts'

let live: OwnServer

beforeAll(async () => {
  live = await ownServer({ log_statement: 'all', log_line_prefix: '%d|' })
})

afterAll(() => live.stop())

const FILES = {
  ...pair('0001_users', 'CREATE TABLE users (id serial PRIMARY KEY, name text);\n', 'DROP TABLE users;\n'),
  ...module('0002_mail', {
    up: `await db.execute('ALTER TABLE users ADD mail text'); await db.execute(sql\`INSERT INTO users (name) VALUES (\${"O'Hara"})\`)`,
    down: "await db.execute(`DELETE FROM users WHERE name = 'O''Hara'`); await db.execute('ALTER TABLE users DROP mail')",
    more: "import { sql } from 'drizzle-orm'",
  }),
}

/** A project on a database of the watched server. */
async function watched(name: string, files: Record<string, string>): Promise<Project> {
  await databaseOn(live.url, (sql) => sql.unsafe(`CREATE DATABASE ${name}`))
  const project = await createProject(live.url.replace(/[^/]*$/, name), files)
  onTestFinished(() => project.remove())
  // Modules import drizzle-orm, as a project's do.
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(project.directory, 'node_modules'))
  return project
}

/** The statements that a database has seen since. */
function logOf(database: string): readonly string[] {
  const lines = readFileSync(live.log, 'utf8').split(/^(?=[^\t\n|]*\|)/m)
  return lines.filter((line) => line.startsWith(`${database}|`)).map((line) => line.slice(database.length + 1))
}

const scratch = () => ['--scratch-url', inject('serverUrl')]

describe('a dry run shows the very SQL', () => {
  test('of a module too, with its parameters written out, up and down', async () => {
    const project = await watched('shown', FILES)
    const up = await project.run(['migrate', '--dry-run', '--json', ...scratch()])
    expect(up.json().steps.map(({ sql }) => sql)).toEqual([
      'CREATE TABLE users (id serial PRIMARY KEY, name text);',
      "ALTER TABLE users ADD mail text;\nINSERT INTO users (name) VALUES ('O''Hara');",
    ])
    await project.run(['migrate'])
    const down = await project.run(['rollback', '--dry-run', '--json', ...scratch()])
    expect(down.json().steps.map(({ sql }) => sql)).toEqual([
      "DELETE FROM users WHERE name = 'O''Hara';\nALTER TABLE users DROP mail;",
    ])
  })

  test('and says so where it fails on a scratch database', async () => {
    const project = await watched('failing', {
      ...pair('0001_a', 'CREATE TABLE a (id int);', 'DROP TABLE a;'),
      ...module('0002_b', {
        up: "await db.execute('ALTER TABLE nothing ADD b int')",
        down: "await db.execute('SELECT 1')",
      }),
    })
    const { stdout, code } = await project.run(['migrate', '--dry-run', ...scratch()])
    expect(stdout).toMatch(/on a scratch database 0002_b fails: .*"nothing" does not exist/)
    expect(code).toBe(0)
  })

  test('and without a scratch server falls back to what is known', async () => {
    const project = await watched('fallback', FILES)
    const { stdout, code } = await project.run([
      'migrate',
      '--dry-run',
      '--scratch-url',
      'postgresql://nobody@127.0.0.1:1/x',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/a module: its SQL is known only when it runs/)
    expect(stdout).toMatch(/Some SQL could not be determined: Cannot connect to 127\.0\.0\.1:1/)
  })
})

/** What reads the history, or the system catalogs; and what opens and closes a transaction or sets a limit for it. */
const READS = [
  /^(?:SELECT|WITH)\b(?![\s\S]*\b(?:INTO\s+(?!STRICT)|nextval|setval)\b)/i,
  /^(?:BEGIN|COMMIT|ROLLBACK|SET|RESET|SHOW|DISCARD)\b/i,
]

describe('the live database sees nothing but reads of history and catalogs', () => {
  test.each([
    ['dry_migrate', ['migrate', '--dry-run']],
    ['dry_rollback', ['rollback', '--dry-run']],
    ['planned', ['plan']],
    ['planned_down', ['plan', '--down']],
    ['rehearsed', ['rehearse', '--all']],
    ['drifted', ['drift']],
  ])('%s', async (database, words) => {
    const project = await watched(database, FILES)
    if (words.includes('rollback') || words.includes('--down') || words.includes('drift'))
      expect((await project.run(['migrate', '--target', '0002_mail'])).code).toBe(0)
    const before = logOf(database).length
    const finished = await project.run([...words, ...scratch()])
    expect(finished.code, finished.stderr).toBe(0)
    const sent = logOf(database)
      .slice(before)
      .flatMap((line) => /(?:statement|execute [^:]*): ([\s\S]*)$/.exec(line)?.[1] ?? [])
    // With all of them asked for, nobody needs to ask the live database for anything.
    if (!words.includes('--all')) expect(sent.join()).toMatch(/schema_migrations/)
    const statements = sent.flatMap((text) => text.split(/;\s*\n/)).map((text) => text.trim())
    expect(statements.filter((text) => text !== '' && !READS.some((read) => read.test(text)))).toEqual([])
    const users = statements.filter((text) =>
      /\b(?:from|join|table|into|update)\s+(?:only\s+)?(?:public\.)?"?users\b/i.test(text),
    )
    // Counting what a rollback would destroy reads the tables that it names, and only for that.
    if (!words.includes('rollback') && !words.includes('--down')) expect(users).toEqual([])
    expect(users.filter((text) => !/^SELECT\b[\s\S]*\bcount\(/i.test(text))).toEqual([])
  })
})
