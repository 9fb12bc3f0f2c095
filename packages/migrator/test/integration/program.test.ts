import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url, threeTables())
})
afterEach(() => project.remove())
afterAll(() => db.drop())

async function done(line: string) {
  const finished = await project.run(line.split(' '))
  expect({ line, code: finished.code, stderr: finished.code === 0 ? '' : finished.stderr }).toMatchObject({ code: 0 })
  return finished
}

async function appliedIds(): Promise<readonly string[]> {
  const { migrations } = (await done('status --json')).json()
  return migrations.flatMap(({ id, state }) => (state === 'applied' ? [id] : []))
}

describe('commands as people type them', () => {
  test('up migrates and down rolls the last one back', async () => {
    await done('up --steps 2')
    expect(await appliedIds()).toEqual(['0001_one', '0002_two'])
    await done('down')
    expect(await appliedIds()).toEqual(['0001_one'])
  })

  test.each(['migrate:status', 'db:migrate:status', 'db:status'])('%s is status', async (name) => {
    expect((await done(`${name} --json`)).json().summary).toMatchObject({ pending: 3 })
  })

  test.each(['db:migrate', 'migrate:safe', 'db:migrate:safe up', 'safe'])('%s applies', async (name) => {
    await done(name)
    expect(await appliedIds()).toHaveLength(3)
  })
})

describe('redo', () => {
  test('rolls the last one back and applies it again, and leaves what is pending', async () => {
    await done('migrate --steps 2')
    await db.sql`INSERT INTO two VALUES (1)`
    const { steps } = (await done('redo --json')).json()
    expect(steps.map(({ id, direction, status }) => `${id} ${direction} ${status}`)).toEqual([
      '0002_two down reverted',
      '0002_two up applied',
    ])
    expect(await db.sql`SELECT * FROM two`).toEqual([])
    expect(await appliedIds()).toEqual(['0001_one', '0002_two'])
  })

  test('--dry-run shows both halves and changes nothing', async () => {
    await done('migrate')
    const before = await stateOf(db)
    const { stdout } = await done('redo --steps 2 --dry-run')
    expect(stdout).toMatch(/↓ 0003_three\n.*DROP TABLE three[\s\S]*↑ 0002_two\n.*CREATE TABLE two[\s\S]*↑ 0003_three/)
    expect(await stateOf(db)).toBe(before)
  })

  test('of an edited migration needs --force, and then applies the new text', async () => {
    await done('migrate')
    await project.write(pair('0003_three', 'CREATE TABLE three (id bigint);\n', 'DROP TABLE three;\n'))
    const refused = { exit: 3, code: 'CHECKSUM_MISMATCH', says: '0003_three', hint: '' }
    await expectRefusal(project, { words: ['redo'], ...refused }, db)
    await done('redo --force')
    const [column] = await db.sql`SELECT data_type FROM information_schema.columns WHERE table_name = 'three'`
    expect(column).toEqual({ data_type: 'bigint' })
    expect((await done('status --check --json')).json().summary).toMatchObject({ applied: 3 })
  })

  test('what would stop the second half stops the first', async () => {
    await done('migrate')
    await project.write(pair('0001_one', 'CREATE TABLE uno (id int);\n', 'DROP TABLE uno;\n'))
    const refused = { exit: 3, code: 'CHECKSUM_MISMATCH', says: '0001_one', hint: 'accept-checksum 0001_one' }
    await expectRefusal(project, { words: ['redo'], ...refused }, db)
  })

  test('holds one run lock from the first half to the second', async () => {
    const holders = `INSERT INTO holders SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database =
      (SELECT oid FROM pg_database WHERE datname = current_database());`
    await db.sql`CREATE TABLE holders (pid int)`
    await project.write(pair('0003_three', `CREATE TABLE three (id int); ${holders}`, `DROP TABLE three; ${holders}`))
    await done('migrate')
    await db.sql`TRUNCATE holders`
    await done('redo')
    const pids = (await db.sql`SELECT pid FROM holders`).map(({ pid }) => pid)
    expect(pids).toHaveLength(2)
    expect(new Set(pids).size).toBe(1)
  })

  test('keeps what --preserve-data keeps', async () => {
    await done('migrate')
    await db.sql`INSERT INTO three VALUES (7)`
    await done('redo --preserve-data')
    expect(await db.sql`SELECT * FROM three`).toEqual([{ id: 7 }])
  })
})

describe('--config FILE', () => {
  test('is read instead of the one in the working directory, and its paths are its own', async () => {
    await project.write({
      'other/settings.mjs': "export default { migrations: 'sql', historyTable: 'other_history', logFile: false }\n",
      'other/sql/0001_elsewhere.up.sql': 'CREATE TABLE elsewhere ();\n',
      'other/sql/0001_elsewhere.down.sql': 'DROP TABLE elsewhere;\n',
    })
    const { stdout } = await done('migrate --config other/settings.mjs')
    expect(await db.sql`SELECT version FROM other_history`).toEqual([{ version: '0001_elsewhere' }])
    expect(stdout).toContain('migrator status --config other/settings.mjs')
  })
})

describe('Next:', () => {
  test('offers what can be done now', async () => {
    const offered = async (line: string) => (await done(line)).stdout.split('Next:\n')[1] ?? ''
    expect(await offered('migrate --steps 2')).toMatch(/migrator migrate .*\n[\s\S]*migrator rollback/)
    expect(await offered('migrate')).not.toContain('migrator migrate')
    expect(await offered('rollback --all --force')).toMatch(/migrator migrate/)
    for (const id of ['0001_one', '0002_two', '0003_three'])
      await project.write({ [`migrations/${id}.up.sql`]: '-- migrator: irreversible="for good"\nSELECT 1;\n' })
    expect(await offered('migrate')).not.toContain('rollback')
  })

  test('carries the options on, and never a password', async () => {
    const url = new URL(db.url)
    const { password } = url
    expect(password).not.toBe('')
    const words = ['migrate', '--migrations', "it's here", '--database-url', url.href]
    await project.write({ "it's here/0001_a.up.sql": 'SELECT 1;', "it's here/0001_a.down.sql": 'SELECT 1;' })
    const { stdout } = await project.run(words)
    const next = stdout.split('Next:\n')[1] ?? ''
    url.password = ''
    expect(next).toContain(`migrator status --migrations 'it'\\''s here' --database-url ${url.href}`)
    expect(next).not.toContain(`:${password}@`)
  })

  test('of a new migration carries them on too', async () => {
    await project.write({ 'own.config.mjs': 'export default {}\n' })
    const { stdout } = await done('new add_plans --sql --migrations sql --config own.config.mjs')
    for (const command of ['validate', 'migrate --dry-run', 'migrate'])
      expect(stdout).toContain(`  migrator ${command} --config own.config.mjs --migrations sql\n`)
  })
})

describe('help', () => {
  test('of all commands has the global options and where the documentation is', async () => {
    const { stdout } = await done('--help')
    for (const word of ['--config', '--migrations', '--database-url', '--json', '-h, --help', '-v, --version'])
      expect(stdout).toContain(word)
    expect(stdout).toMatch(/^Documentation: \S+$/m)
    for (const line of [
      'migrator migrate .*\\[aliases: up\\]',
      'migrator rollback .*\\[aliases: down\\]',
      'migrator redo',
    ])
      expect(stdout).toMatch(new RegExp(line))
  })

  test.each(['bash', 'zsh'])('completion is a script that %s accepts, and completes commands', async (shell) => {
    const { stdout } = await project.run(['completion'], { SHELL: `/bin/${shell}` })
    expect(stdout).toContain('migrator')
    const found = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
    // Not every machine has zsh; the first line shows that the script is for zsh.
    if (found.error) expect(stdout).toContain('#compdef migrator')
    else expect({ code: found.status, stderr: found.stderr }).toEqual({ code: 0, stderr: '' })
    const { stdout: names } = await project.run(['--get-yargs-completions', 'migrator', 'r'], { SHELL: '/bin/bash' })
    expect(names.split('\n')).toEqual(expect.arrayContaining(['rollback', 'redo', 'restore']))
  })
})

describe('a dry run of what would be refused', () => {
  test('shows the plan, says that it would be refused, and ends as the run would', async () => {
    await done('migrate')
    const { code, stdout, stderr } = await project.run(['rollback', '--steps', '3', '--dry-run'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/would be refused with exit code 3[\s\S]*↓ 0003_three\n.*DROP TABLE three[\s\S]*↓ 0001_one/)
    expect(stderr).toMatch(/all 3 applied migrations[\s\S]*--force/)
    const document = (await project.run(['rollback', '--steps', '3', '--dry-run', '--json'])).json()
    expect(document.steps.map(({ sql }) => sql)).toEqual(['DROP TABLE three;', 'DROP TABLE two;', 'DROP TABLE one;'])
    expect(document.error).toMatchObject({ code: 'CONFIRMATION_REQUIRED', exitCode: 3 })
  })

  test('says nothing that its problems contradict', async () => {
    await done('migrate')
    await project.write({ 'migrations/0004_bad.up.sql': 'SELECT 1;', 'migrations/0002_two.up.sql': 'SELECT 2;' })
    for (const line of ['migrate', 'migrate --dry-run']) {
      const { code, stdout } = await project.run(line.split(' '))
      expect(code).not.toBe(0)
      expect(stdout).not.toMatch(/Nothing/)
    }
  })
})

test('the scripts of a repository name their commands as they are typed', () => {
  const cli = join(import.meta.dirname, '../../../database/src/cli.ts')
  const run = (...words: readonly string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', cli, ...words], {
      cwd: join(import.meta.dirname, '../../../database'),
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: inject('serverUrl') },
    })
  const { stdout, status } = run('--help')
  expect(status).toBe(0)
  for (const name of ['db:migrate:status', 'db:migrate:safe', 'db:redo', 'db:rehearse'])
    expect(stdout).toMatch(new RegExp(`^ {2}pnpm ${name}\\b`, 'm'))
  expect(stdout).not.toMatch(/\bdb (?:migrate|status)\b|migrator migrate/)
  expect(run('status', '--help').stdout).toMatch(/^pnpm db:migrate:status \[options\]/)
  expect(run('rolback').stderr).toMatch(/Unknown command "rolback"[\s\S]*Did you mean pnpm db:rollback\?/)
})
