import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Finished, pair, threeTables } from '../support/cli.ts'
import { module, outsidePair, saidBy, scene } from '../support/scene.ts'

const FILES = {
  ...threeTables(),
  ...pair(
    '0002_two',
    '-- migrator: description=two\nCREATE TABLE two (id int PRIMARY KEY); INSERT INTO two VALUES (7) -- kept',
    'DROP TABLE two',
  ),
}

const succeed = (finished: Finished) => expect(finished.code, saidBy(finished)).toBe(0)
const TO_TWO = ['squash', '--to', '0002_two']

async function standing(words: readonly (readonly string[])[] = []) {
  const scenery = await scene(FILES)
  await scenery.db.sql`DROP TABLE pace`
  const run = async (...command: readonly string[]) => {
    const finished = await scenery.project.run(command)
    succeed(finished)
    return finished
  }
  for (const command of words) await run(...command)
  const recorded = async () =>
    (await scenery.db.sql`SELECT version FROM schema_migrations ORDER BY sequence`).map(({ version }) => version)
  const tables = async () =>
    (await scenery.db.sql`SELECT relname FROM pg_class WHERE relname IN ('one', 'two', 'three') ORDER BY 1`).map(
      ({ relname }) => relname,
    )
  return { ...scenery, run, recorded, tables }
}

test('replaces the range by one file, moves the old ones aside, and a fresh database runs the new one', async () => {
  const { project, run, recorded, tables, db } = await standing()
  const squashed = await run(...TO_TWO)
  expect(squashed.stdout).toMatch(/Wrote [\s\S]*0002_squashed\.up\.sql[\s\S]*moved to [\s\S]*squashed[\s\S]*Proven on/)
  expect(readdirSync(project.migrations).sort()).toEqual([
    ...['0002_squashed.down.sql', '0002_squashed.up.sql', '0003_three.down.sql', '0003_three.up.sql', 'squashed'],
  ])
  expect(readdirSync(join(project.migrations, 'squashed', '0002_squashed'))).toHaveLength(4)
  await run('validate')
  await run('migrate')
  expect(await recorded()).toEqual(['0002_squashed', '0003_three'])
  expect(await db.sql`SELECT id FROM two`).toEqual([{ id: 7 }])
  await run('status', '--check')
  await run('rollback', '--all', '--force')
  expect(await tables()).toEqual([])
})

test('a database with all of them has the new one: status at once, the record with the next migrate', async () => {
  const { project, run, recorded, tables } = await standing([['migrate']])
  await run(...TO_TWO)
  await run('status', '--check')
  await run('validate')
  expect(await recorded()).toEqual(['0001_one', '0002_two', '0003_three'])
  expect((await run('migrate')).stderr).toContain(
    '✓ Recorded 0002_squashed in place of 2 migrations, without running it',
  )
  expect((await run('migrate')).stderr).not.toContain('Recorded')
  expect(await recorded()).toEqual(['0002_squashed', '0003_three'])
  await project.write(pair('0004_four', 'CREATE TABLE four ();\n', 'DROP TABLE four;\n'))
  await run('migrate')
  await run('rollback', '--steps', '2')
  expect(await recorded()).toEqual(['0002_squashed'])
  await run('rollback', '--force')
  expect(await tables()).toEqual([])
})

test('a rollback before that migrate records it first, and reverts in the order of application', async () => {
  const { run, recorded, tables } = await standing([['migrate']])
  await run(...TO_TWO)
  await run('rollback')
  expect(await recorded()).toEqual(['0002_squashed'])
  expect(await tables()).toEqual(['one', 'two'])
  await run('drift', '--check')
})

test('a database with only some of them is refused, with what to do first', async () => {
  const { project, run, recorded, tables } = await standing([['migrate', '--steps', '1']])
  await run(...TO_TWO)
  const refused = await project.run(['migrate'])
  expect(refused.code).toBe(3)
  expect(refused.stderr).toMatch(/0002_squashed replaces 2 migrations; this database has 0001_one and lacks 0002_two/)
  expect(refused.stderr).toMatch(/revision before the squash/)
  expect(await recorded()).toEqual(['0001_one'])
  expect(await tables()).toEqual(['one'])
})

test('a dry run proves it and changes nothing; --delete deletes the old files', async () => {
  const { project, run } = await standing()
  const before = readdirSync(project.migrations)
  expect((await run(...TO_TWO, '--dry-run', '--json')).json()).toMatchObject({
    ...{ id: '0002_squashed', replaced: ['0001_one', '0002_two'], dryRun: true },
  })
  expect(readdirSync(project.migrations)).toEqual(before)
  await run(...TO_TWO, '--delete', '--name', 'start')
  expect(readdirSync(project.migrations)).toContain('0002_start.up.sql')
  expect(existsSync(join(project.migrations, 'squashed', '0002_start'))).toBe(false)
})

test('where one of them is irreversible, so is the new one, and it says why', async () => {
  const { project, run } = await standing()
  await project.write({
    'migrations/0001_one.up.sql': '-- migrator: irreversible="legal hold"\nCREATE TABLE one ();\n',
  })
  await run(...TO_TWO)
  expect(existsSync(join(project.migrations, '0002_squashed.down.sql'))).toBe(false)
  expect(readFileSync(join(project.migrations, '0002_squashed.up.sql'), 'utf8')).toContain('0001_one: legal hold')
  await run('validate')
})

describe('is refused, with no file changed,', () => {
  test.each([
    ['without --to', {}, ['squash'], 2, /squash --to ID/],
    ['for an unknown id', {}, ['squash', '--to', '0002_tow'], 2, /no migration "0002_tow"/],
    ['for the first migration alone', {}, ['squash', '--to', '0001_one'], 2, /nothing to squash/],
    ['with a module in the range', module('0000_code', { up: '', down: '' }), TO_TWO, 2, /0000_code is a module/],
    [
      'with a step outside a transaction',
      outsidePair('0000_out', 'SELECT 1;', 'SELECT 1;'),
      TO_TWO,
      2,
      /0000_out runs outside/,
    ],
    [
      'where the downs leave something behind',
      pair('0000_left', 'CREATE TABLE left_behind ();\n', 'SELECT 1;\n'),
      TO_TWO,
      3,
      /does not remove everything[\s\S]*\+ table public\.left_behind/,
    ],
  ])('%s', async (_, files, words, code, says) => {
    const { project } = await standing()
    await project.write(files)
    const before = readdirSync(project.migrations)
    const refused = await project.run(words)
    expect(refused.code, saidBy(refused)).toBe(code)
    expect(refused.stderr).toMatch(says)
    expect(readdirSync(project.migrations)).toEqual(before)
  })
})

test('a replaced file that comes back is a problem of the folder', async () => {
  const { project, run } = await standing()
  await run(...TO_TWO)
  await project.write(pair('0001_one', 'CREATE TABLE one ();\n', 'DROP TABLE one;\n'))
  const invalid = await project.run(['validate'])
  expect(invalid.code).toBe(2)
  expect(invalid.stderr).toMatch(/0002_squashed\.up\.sql replaces 0001_one/)
})
