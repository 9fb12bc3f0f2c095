import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { pair, type Running, threeTables } from '../support/cli.ts'
import type { TestDatabase } from '../support/database.ts'
import { historyOf, sleeping, waitingForLock } from '../support/observe.ts'
import { outsidePair, SLEEP, saidBy, scene } from '../support/scene.ts'

const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')

/** Whoever reads or writes the table waits until the test is over. */
async function locked(db: TestDatabase, table: string): Promise<void> {
  const holder = await db.sql.reserve()
  await holder.unsafe(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  onTestFinished(async () => {
    await holder.unsafe('ROLLBACK')
    holder.release()
  })
}

async function interrupted(running: Running): Promise<void> {
  running.process.kill('SIGINT')
  const ended = await running.finished
  expect(ended.code, saidBy(ended)).toBe(130)
  expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
  expect(saidBy(ended)).not.toContain('bug in the migrator')
}

test.each([
  ['status', 'schema_migrations'],
  ['validate', 'schema_migrations'],
  ['plan', 'schema_migrations'],
  ['drift', 'schema_migrations'],
  ['history', 'migration_logs'],
  ['migrate', 'schema_migrations'],
  ['baseline 0003_three', 'schema_migrations'],
  ['repair drop-record 0002_two', 'schema_migrations'],
  ['snapshot create --backup tables', 'two'],
  ['restore none --to elsewhere', 'migration_backups'],
])('Ctrl-C ends %s with 130 though the database keeps it waiting', async (words, table) => {
  const { db, project } = await scene(threeTables())
  await project.run(['migrate'])
  await locked(db, table)
  const running = project.start([...words.split(' '), '--json'])
  await waitingForLock(db)
  await interrupted(running)
})

test('Ctrl-C ends a restore with 130', async () => {
  const { db, project } = await scene(threeTables())
  await project.run(['migrate'])
  const taken = await project.run(['snapshot', 'create', '--backup', 'tables', '--json'])
  const { backup } = taken.json() as unknown as { backup: { id: string; details: { schema: string } } }
  const [copy] = await db.sql`SELECT oid::regclass::text AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'migration_archive') LIMIT 1`
  await locked(db, copy?.name)
  const running = project.start(['restore', backup.id, '--to', 'elsewhere', '--json'])
  await waitingForLock(db)
  await interrupted(running)
})

const quits = async (running: Running) => {
  running.process.kill('SIGTERM')
  await running.says('Stopping')
  await pause(700) // Within half a second it counts as the echo of the first.
  running.process.kill('SIGHUP')
  return running.finished
}

test('a second signal says in the document what may be dirty', async () => {
  const { db, project } = await scene({ ...outsidePair('0002_two', `${SLEEP};`, 'SELECT 1;'), ...three })
  const running = project.start(['migrate', '--json'])
  await sleeping(db)
  const ended = await quits(running)
  expect(ended.code, saidBy(ended)).toBe(130)
  expect(ended.json().error).toMatchObject({ code: 'INTERRUPTED', dirty: ['0002_two'] })
  expect(await historyOf(db)).toEqual(['0002_two dirty'])
})

test('a second signal says of a step in a transaction that nothing is dirty', async () => {
  const stubborn =
    'DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;'
  const { db, project } = await scene({ ...pair('0002_two', stubborn, 'SELECT 1;'), ...three })
  const running = project.start(['migrate'])
  await sleeping(db)
  const ended = await quits(running)
  expect(ended.code, saidBy(ended)).toBe(130)
  expect(ended.stderr).toContain('0002_two was being applied in a transaction. Nothing is dirty')
  expect(await historyOf(db)).toEqual([])
})
