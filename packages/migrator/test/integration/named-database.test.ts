import { spawn } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, onServer, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

let db: TestDatabase
/** Its role and its password, which no other server knows. */
const role = `app_${process.pid}_${Date.now()}`
const password = 'a:b\\c'
const { hostname, port } = new URL(inject('serverUrl'))

beforeAll(async () => {
  db = await createDatabase()
  await onServer((sql) => sql.unsafe(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${password}'`))
})
beforeEach(() => emptied(db))
afterAll(async () => {
  await db.drop()
  await onServer((sql) => sql.unsafe(`DROP ROLE ${role}`))
})

/** A project that nothing tells of a database, and a home of its own. */
async function unnamed(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const project = await createProject(undefined, { ...threeTables(), ...files })
  onTestFinished(() => project.remove())
  return project
}

describe('.env', () => {
  test('names the database, and --verbose says where it was named', async () => {
    const project = await unnamed({ '.env': `\uFEFF# ours\r\nexport DATABASE_URL="${db.url}" # local\r\n` })
    const { code, stdout } = await project.run(['status', '--verbose'])
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(stdout).toContain(
      `Database ${db.name} at ${hostname}:${port}, named by DATABASE_URL in ${project.directory}/.env`,
    )
    expect((await project.run(['status'])).stdout).not.toContain('named by')
  })

  test.each<readonly [string, () => string, RegExp]>([
    ['is set', () => db.url, /named by DATABASE_URL$/],
    ['is empty', () => '', /named by DATABASE_URL in .*\/\.env$/],
  ])('counts where no variable says otherwise: DATABASE_URL %s', async (_, url, named) => {
    const project = await unnamed({ '.env': `DATABASE_URL=${db.url}\n` })
    const { stdout } = await project.run(['status', '--verbose'], { DATABASE_URL: url() })
    expect(stdout.split('\n')[0]).toMatch(named)
  })

  test('is read before the configuration, which may use it', async () => {
    const project = await unnamed({
      '.env': `APP_DATABASE='${db.url}'\n`,
      'migrator.config.mjs': `export default { migrations: 'migrations', databaseUrl: process.env.APP_DATABASE }\n`,
    })
    const { code, stdout } = await project.run(['status', '--verbose'])
    expect(code).toBe(0)
    expect(stdout).toContain(`named by databaseUrl in ${project.directory}/migrator.config.mjs`)
  })

  test('has libpq variables too', async () => {
    const project = await unnamed({
      '.env': `PGHOST=${hostname}\nPGPORT=${port}\nPGUSER=postgres\nPGPASSWORD=postgres\nPGDATABASE=${db.name}\n`,
    })
    const { code, stdout } = await project.run(['status', '--verbose'])
    expect(code).toBe(0)
    expect(stdout).toContain(`named by PGHOST, PGDATABASE in ${project.directory}/.env`)
  })

  test('is named where its database cannot be reached, its password never', async () => {
    const project = await unnamed({ '.env': 'DATABASE_URL=postgresql://app:hunter2@127.0.0.1:1/shop\n' })
    const hint = `host and port in DATABASE_URL in ${project.directory}/.env`
    const refusal = { exit: 1, code: 'CONNECTION_FAILED', says: '127.0.0.1:1', hint, never: ['hunter2'] }
    await expectRefusal(project, { words: ['status'], ...refusal })
  })

  test('is named where the server refuses the password or the database, or the URL is malformed', async () => {
    const project = await unnamed()
    const cases = [
      [
        db.as('postgres', 'hunter2'),
        1,
        'AUTHENTICATION_FAILED',
        'postgres',
        'Check the user and password; the connection comes from DATABASE_URL in',
      ],
      [inject('serverUrl').replace(/\/[^/]*$/, '/nowhere_here'), 1, 'DATABASE_NOT_FOUND', 'nowhere_here', '/.env'],
      [
        'mysql://u:hunter2@h/d',
        2,
        'DATABASE_URL_INVALID',
        `DATABASE_URL in ${project.directory}/.env is malformed`,
        '',
      ],
    ] as const
    for (const [url, exit, code, says, hint] of cases) {
      await project.write({ '.env': `DATABASE_URL="${url}"\n` })
      await expectRefusal(project, { words: ['status'], exit, code, says, hint, never: ['hunter2'] })
    }
  })
})

describe('libpq', () => {
  const place = { PGHOST: hostname, PGPORT: port }
  const asked = () => ({ ...place, PGUSER: role, PGDATABASE: db.name })
  const line = `*:*:*:${role}:a\\:b\\\\c\n`

  test('variables name the database, and their settings reach the session', async () => {
    const project = await unnamed(
      pair(
        '0004_told',
        `CREATE TABLE told AS SELECT current_setting('application_name') AS name, current_setting('work_mem') AS mem, current_user AS who`,
        'DROP TABLE told',
      ),
    )
    const env = { ...asked(), PGPASSWORD: password, PGAPPNAME: 'deploy-7', PGOPTIONS: '-c work_mem=7MB' }
    expect((await project.run(['migrate'], env)).code).toBe(0)
    const [told] = await db.sql`SELECT * FROM told`
    expect(told).toMatchObject({ name: expect.stringContaining('deploy-7'), mem: '7MB', who: role })
    const { stdout } = await project.run(['status', '--verbose'], env)
    expect(stdout).toContain('named by PGHOST, PGDATABASE')
  })

  test.each<readonly [string, Readonly<Record<string, string>>, string, string]>([
    ['sslmode', { PGSSLMODE: 'require' }, 'CONNECTION_FAILED', 'sslmode'],
    ['target_session_attrs', { PGTARGETSESSIONATTRS: 'standby' }, 'CONNECTION_FAILED', 'standby'],
    ['require_auth', { PGREQUIREAUTH: 'gss' }, 'DATABASE_URL_INVALID', 'PGHOST, PGDATABASE is malformed'],
  ])('asks for the same by %s as psql would', async (_, more, code, says) => {
    const project = await unnamed()
    const exit = code === 'CONNECTION_FAILED' ? 1 : 2
    const env = { ...asked(), PGPASSWORD: password, ...more }
    await expectRefusal(project, { words: ['status'], env, exit, code, says, hint: '', never: [password] })
  })

  test('comes after --database-url, DATABASE_URL and the configuration', async () => {
    const project = await unnamed()
    const env = { PGHOST: '127.0.0.1', PGPORT: '1', PGDATABASE: 'none' }
    const first = async (...words: string[]) =>
      (await project.run(['status', '--verbose', ...words], { ...env, DATABASE_URL: '' })).stdout.split('\n')[0]
    expect(await first('--database-url', db.url)).toContain('named by --database-url')
    expect((await project.run(['status', '--verbose'], { ...env, DATABASE_URL: db.url })).stdout).toContain(
      'named by DATABASE_URL',
    )
    await project.write({
      'migrator.config.mjs': `export default { migrations: 'migrations', databaseUrl: '${db.url}' }\n`,
    })
    expect(await first()).toContain('named by databaseUrl in')
  })

  test.each(['PGSERVICEFILE', '~/.pg_service.conf', 'PGSYSCONFDIR'])('services are defined in %s', async (where) => {
    const text = `[shop]\nhost=${hostname}\nport=${port}\ndbname=${db.name}\nuser=${role}\npassword=${password}\n`
    const name = where === '~/.pg_service.conf' ? '.pg_service.conf' : 'pg_service.conf'
    const project = await unnamed({ [`home/${name}`]: text })
    const home = join(project.directory, 'home')
    const variable =
      where === 'PGSERVICEFILE'
        ? { PGSERVICEFILE: join(home, name) }
        : where === 'PGSYSCONFDIR'
          ? { PGSYSCONFDIR: home }
          : {}
    const { code, stdout } = await project.run(['status', '--verbose'], {
      HOME: home,
      PGSERVICE: 'shop',
      PGHOST: 'nowhere',
      ...variable,
    })
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`named by PGSERVICE`) })
    const env = { HOME: home, PGSERVICE: 'other', ...variable }
    const says = ['"other"', name]
    await expectRefusal(project, {
      words: ['status'],
      env,
      exit: 2,
      code: 'DATABASE_URL_INVALID',
      says,
      hint: '[other]',
    })
  })

  test('the password file is used with variables and with URLs, after PGPASSWORD', async () => {
    const project = await unnamed({ 'home/.pgpass': line, elsewhere: line })
    const home = { HOME: join(project.directory, 'home') }
    const url = db.as(role, '').replace(':@', '@')
    const elsewhere = join(project.directory, 'elsewhere')
    for (const path of [elsewhere, join(home.HOME, '.pgpass')]) chmodSync(path, 0o600)
    expect((await project.run(['status'], { ...home, ...asked() })).code).toBe(0)
    expect((await project.run(['status'], { ...home, DATABASE_URL: url })).code).toBe(0)
    expect((await project.run(['status'], { PGPASSFILE: elsewhere, DATABASE_URL: url })).code).toBe(0)
    expect(
      (await project.run(['status'], { DATABASE_URL: `${url}?passfile=${encodeURIComponent(elsewhere)}` })).code,
    ).toBe(0)
    const wrong = { words: ['status'], exit: 1, code: 'AUTHENTICATION_FAILED', says: role }
    await expectRefusal(project, { ...wrong, env: { ...home, ...asked(), PGPASSWORD: 'no' }, hint: 'PGHOST' })
    await project.write({ 'home/.pgpass': `*:*:*:${role}:no\n` })
    await expectRefusal(project, { ...wrong, env: { ...home, ...asked() }, hint: join(home.HOME, '.pgpass') })
  })

  test('a password file that others can read is left alone, with a warning', async () => {
    const project = await unnamed({ 'home/.pgpass': line })
    const file = join(project.directory, 'home/.pgpass')
    chmodSync(file, 0o644)
    const { code, stderr } = await project.run(['status'], { HOME: join(project.directory, 'home'), ...asked() })
    expect(code).toBe(1)
    expect(stderr).toContain(`the password file ${file} is ignored: other users can read it. Run chmod 0600 on it.`)
    expect(stderr).not.toContain(password)
  })
})

describe('without a database', () => {
  const commands = [
    ['status'],
    ['migrate'],
    ['migrate', '--dry-run'],
    ['rollback'],
    ['plan'],
    ['history'],
    ['drift'],
    ['baseline', '0001_one'],
    ['import', 'drizzle'],
    ['repair', 'drop-record', '0001_one'],
    ['reset', '--yes'],
    ['snapshot', 'list'],
    ['restore', 'x', '--to', 'y'],
    ['safe'],
  ]

  test('no command starts a server; each says how to name one, or to start one', async () => {
    const project = await unnamed()
    for (const words of commands) {
      const hint = ['DATABASE_URL', '--embedded', 'embedded: true', join(project.directory, '.data')]
      await expectRefusal(project, {
        words,
        exit: 2,
        code: 'DATABASE_NOT_NAMED',
        says: ['DATABASE_URL', '.env', 'PG*'],
        hint,
      })
      expect(existsSync(join(project.directory, '.data'))).toBe(false)
    }
  })

  test('a user and a port alone name none', async () => {
    const project = await unnamed()
    const env = { PGUSER: 'postgres', PGPORT: port, PGPASSWORD: 'postgres' }
    await expectRefusal(project, {
      words: ['status'],
      env,
      exit: 2,
      code: 'DATABASE_NOT_NAMED',
      says: 'PG*',
      hint: '--embedded',
    })
  })

  test('validate needs none', async () => {
    const project = await unnamed()
    expect((await project.run(['validate'])).code).toBe(0)
  })

  test('--embedded starts one, names it, and later commands find it', async () => {
    const project = await embedded()
    const { code, stderr } = await project.run(['migrate', '--embedded'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toMatch(
      /PostgreSQL keeps running on port \d+, with its data in .*\. It stops after 12 h without a connection, or with migrator stop\./,
    )
    const again = await project.run(['status', '--embedded'])
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect((await project.run(['status'])).stdout).toContain('3 applied')
    expect(
      (await project.run(['status', '--embedded'], { DATABASE_URL: 'postgresql://127.0.0.1:1/x' })).stdout,
    ).toContain('3 applied')
    const both = { words: ['status', '--embedded', '--database-url', db.url], exit: 2, code: 'USAGE_INVALID' }
    await expectRefusal(project, { ...both, says: ['--embedded', '--database-url'], hint: '' })
  })

  test('the configuration agrees once and for all, unless something names another', async () => {
    const project = await embedded({
      'migrator.config.mjs': `export default { migrations: 'migrations', embedded: true, embeddedIdleMs: 0 }\n`,
    })
    const { code, stderr } = await project.run(['migrate'], { PGHOST: '127.0.0.1', PGPORT: '1' })
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('Stop it with migrator stop.') })
    expect((await project.run(['status'], { DATABASE_URL: db.url })).stdout).toContain('3 pending')
  })

  test.each([
    ['y', 0],
    ['n', 2],
  ])('a terminal is asked: %s', async (answer, code) => {
    const project = await embedded()
    const told = await onTerminal(project, ['status'], answer)
    expect(told).toMatchObject({ code, said: expect.stringContaining('This would start the embedded PostgreSQL') })
    expect(existsSync(join(project.directory, '.data'))).toBe(code === 0)
  })
})

/** A project whose server is stopped afterwards; the server's own user has to pass through its folder. */
async function embedded(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const project = await unnamed(files)
  chmodSync(project.directory, 0o755)
  onTestFinished(async () => void (await project.run(['stop'])))
  return project
}

/** The program on a pseudo-terminal, which answers its question. */
function onTerminal(
  project: Project,
  words: readonly string[],
  answer: string,
): Promise<{ code: number | null; said: string }> {
  const { PATH = '', HOME = '' } = process.env
  const command = [process.execPath, inject('bin'), ...words].join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: project.directory,
    env: { PATH, HOME, TERM: 'dumb' },
  })
  let said = ''
  let answered = false
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    if (!answered && said.includes('Type yes')) {
      answered = true
      child.stdin.write(`${answer}\n`)
    }
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })))
}
