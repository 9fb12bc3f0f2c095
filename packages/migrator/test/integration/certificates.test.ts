import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { type Project, pair } from '../support/cli.ts'
import { module, scene } from '../support/scene.ts'

const FILES = {
  ...pair('0001_users', 'CREATE TABLE users (id serial PRIMARY KEY);\n', 'DROP TABLE users;\n'),
  ...pair('0002_mail', 'ALTER TABLE users ADD mail text;\n', 'ALTER TABLE users DROP mail;\n'),
}

/** No database is needed, and none could be reached. */
const NOWHERE = { DATABASE_URL: '' }

async function certified(files: Record<string, string> = FILES) {
  const scenery = await scene(files)
  const finished = await scenery.project.run(['rehearse', '--all', '--write', '--scratch-url', inject('serverUrl')])
  expect(finished.code, finished.stderr).toBe(0)
  return scenery
}

const check = (project: Project) => project.run(['validate', '--check', '--json'], NOWHERE)

test('certified migrations pass the check without any database', async () => {
  const { project } = await certified()
  const finished = await check(project)
  expect(finished.code).toBe(0)
  expect(finished.json()).toMatchObject({ count: 2, database: 'not-asked', stale: [] })
})

test('a migration without a certificate fails it with 5', async () => {
  const { project } = await certified()
  await project.write(pair('0003_more', 'CREATE TABLE more (id int);', 'DROP TABLE more;'))
  const finished = await check(project)
  expect(finished.code).toBe(5)
  expect(finished.json()).toMatchObject({ error: { code: 'CHECK_FAILED', message: /0003_more has no certificate/ } })
})

test('so does an edit of either file, and one of an imported file', async () => {
  const { project } = await certified({
    ...FILES,
    ...module('0003_three', {
      up: 'await db.execute(sql)',
      down: "await db.execute('DROP TABLE three')",
      more: "import { sql } from './three-table.ts'",
    }),
    'migrations/three-table.ts': "export const sql = 'CREATE TABLE three (id int)'\n",
  })
  await project.write({ 'migrations/0002_mail.down.sql': 'ALTER TABLE users DROP COLUMN mail;\n' })
  expect((await check(project)).json()).toMatchObject({ stale: [{ id: '0002_mail', why: 'edited' }] })
  await project.write({ 'migrations/three-table.ts': "export const sql = 'CREATE TABLE three (id bigint)'\n" })
  expect((await check(project)).json()).toMatchObject({
    stale: [{ id: '0002_mail' }, { id: '0003_three', why: 'edited' }],
  })
})

test('so does a certificate of a history that has become another one, and one without a file', async () => {
  const { project } = await certified()
  await project.write(pair('0001_users', 'CREATE TABLE users (id bigserial PRIMARY KEY);\n', 'DROP TABLE users;\n'))
  await project.run(['rehearse', '0001_users', '--write', '--scratch-url', inject('serverUrl')], NOWHERE)
  expect((await check(project)).json()).toMatchObject({ stale: [{ id: '0002_mail', why: 'history-edited' }] })
  for (const part of ['up', 'down']) rmSync(join(project.migrations, `0002_mail.${part}.sql`))
  expect((await check(project)).json()).toMatchObject({ stale: [{ id: '0002_mail', why: 'file-gone' }] })
})

test('a broken migration loses its certificate', async () => {
  const { project } = await certified()
  await project.write({ 'migrations/0002_mail.down.sql': 'SELECT 1;\n' })
  const finished = await project.run(['rehearse', '--all', '--write', '--scratch-url', inject('serverUrl')])
  expect(finished.code).toBe(1)
  expect((await check(project)).json()).toMatchObject({ stale: [{ id: '0002_mail', why: 'missing' }] })
})

test('reports a damaged lock file as damaged', async () => {
  const { project } = await certified()
  const path = join(project.migrations, 'migrations.lock.json')
  for (const text of ['{', '{}', readFileSync(path, 'utf8').replace(/"after": "./, '"after": "x')]) {
    writeFileSync(path, text)
    const finished = await check(project)
    expect(finished.code).toBe(2)
    expect(finished.json().error).toMatchObject({ code: 'LOCK_FILE_INVALID' })
  }
})

test('the lock file vouches for the archived code of a module whose file is gone', async () => {
  const { project, db } = await certified({
    ...FILES,
    ...module('0003_three', {
      up: "await db.execute('CREATE TABLE three (id int)')",
      down: "await db.execute('DROP TABLE three')",
    }),
  })
  expect((await project.run(['migrate'])).code).toBe(0)
  rmSync(join(project.migrations, '0003_three.ts'))
  const finished = await project.run(['rollback', '--json'])
  expect(finished.json()).toMatchObject({ steps: [{ id: '0003_three', status: 'reverted', by: 'archive' }] })
  expect(await db.sql`SELECT to_regclass('three') AS found`).toEqual([{ found: null }])
})
