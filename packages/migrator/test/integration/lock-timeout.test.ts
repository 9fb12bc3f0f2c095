import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import type { TestDatabase } from '../support/database.ts'
import { historyOf, waitingForLock } from '../support/observe.ts'
import { outsidePair, saidBy, scene } from '../support/scene.ts'

const STANDING = 'CREATE TABLE busy (id int);'
const alter = pair('0001_alter', 'ALTER TABLE busy ADD COLUMN name text;', 'ALTER TABLE busy DROP COLUMN name;')
const index = outsidePair(
  '0001_alter',
  'CREATE INDEX CONCURRENTLY busy_id ON busy (id);',
  'DROP INDEX CONCURRENTLY IF EXISTS busy_id;',
)
const QUICK = ['--lock-timeout', '200ms', '--lock-retries', '1']

/** A session of somebody else's that holds the table, until it is released. */
async function holding({ sql }: TestDatabase): Promise<{ pid: number; letGo(): Promise<void> }> {
  const session = await sql.reserve()
  const [row] = await session`SELECT pg_backend_pid() AS pid`
  await session.unsafe("SET application_name = 'nightly report'; BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
  return {
    pid: row?.pid,
    async letGo() {
      await session.unsafe('ROLLBACK')
      session.release()
    },
  }
}

async function columnsOf({ sql }: TestDatabase): Promise<readonly string[]> {
  const rows = await sql`SELECT attname FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attnum > 0 ORDER BY 1`
  return rows.map(({ attname }) => attname)
}

describe('a table that another session holds', () => {
  const ways = [
    { way: 'in one transaction for all', files: alter, words: [] },
    { way: 'in one transaction each', files: alter, words: ['--transaction', 'each'] },
    { way: 'outside a transaction', files: index, words: [] },
  ]
  for (const { way, files, words } of ways) {
    test(`stops the run after the retries, naming who holds it, ${way}`, async () => {
      const { db, project } = await scene(files, { standing: STANDING })
      const holder = await holding(db)
      const failed = await project.run(['migrate', ...QUICK, ...words, '--json'])
      await holder.letGo()
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'LOCK_TIMEOUT', id: '0001_alter' })
      expect(failed.json().error.hint).toContain('--lock-timeout')
      expect(await historyOf(db)).toEqual([])
      expect(await columnsOf(db)).toEqual(['id'])
      const retried = await db.sql`SELECT message FROM migration_logs WHERE event = 'step-retrying'`
      expect(retried).toHaveLength(1)
      expect(failed.json().error.message).toContain(`pid ${holder.pid}`)
      expect(failed.json().error.message).toContain('nightly report')
    })

    test(`is altered after all when it is released between two tries, ${way}`, async () => {
      const { db, project } = await scene(files, { standing: STANDING })
      const holder = await holding(db)
      const running = project.start(['migrate', '--lock-timeout', '200ms', '--lock-retries', '5', ...words])
      await running.says('Trying again')
      await holder.letGo()
      const done = await running.finished
      expect(done.code, saidBy(done)).toBe(0)
      expect(await historyOf(db)).toEqual(['0001_alter'])
    })
  }

  test('a wait longer than a second names the holder too', async () => {
    const { db, project } = await scene(alter, { standing: STANDING })
    const holder = await holding(db)
    const failed = await project.run(['migrate', '--lock-timeout', '1500ms', '--lock-retries', '0', '--json'])
    await holder.letGo()
    expect(failed.json().error, saidBy(failed)).toMatchObject({ code: 'LOCK_TIMEOUT' })
    expect(failed.json().error.message).toContain(`pid ${holder.pid}`)
  })

  test('who holds it is named even when the answer takes a while after the wait is over', async () => {
    const late = `DO $$ BEGIN ALTER TABLE busy ADD COLUMN name text;
      EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.7); RAISE; END $$;`
    const { db, project } = await scene(pair('0001_late', late, 'ALTER TABLE busy DROP COLUMN name;'), {
      standing: STANDING,
    })
    const holder = await holding(db)
    const failed = await project.run(['migrate', '--lock-timeout', '800ms', '--lock-retries', '0', '--json'])
    await holder.letGo()
    expect(failed.json().error, saidBy(failed)).toMatchObject({ code: 'LOCK_TIMEOUT' })
    expect(failed.json().error.message).toContain(`pid ${holder.pid}`)
  })

  test('nobody queues behind us for longer than the lock timeout', async () => {
    const { db, project } = await scene(alter, { standing: STANDING })
    const reader = await db.sql.reserve()
    await reader.unsafe('BEGIN; SELECT * FROM busy')
    const running = project.start(['migrate', '--lock-timeout', '300ms', '--lock-retries', '0'])
    await waitingForLock(db)
    const started = performance.now()
    await db.sql`SELECT * FROM busy`
    expect(performance.now() - started).toBeLessThan(1_500)
    expect((await running.finished).code).toBe(1)
    await reader.unsafe('ROLLBACK')
    reader.release()
  })

  test('a down is tried again as well, and leaves it applied when the table stays held', async () => {
    const { db, project } = await scene(alter, { standing: STANDING })
    await project.run(['migrate'])
    const holder = await holding(db)
    const failed = await project.run(['rollback', ...QUICK, '--json'])
    await holder.letGo()
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'LOCK_TIMEOUT', direction: 'down' })
    expect(await historyOf(db)).toEqual(['0001_alter'])
  })
})

describe('--statement-timeout', () => {
  const slow = 'CREATE TABLE two (id int);\nSELECT pg_sleep(30);\n'
  const ways = [
    { way: 'in one transaction for all', files: pair('0001_slow', slow, 'DROP TABLE two;'), words: [] },
    {
      way: 'in one transaction each',
      files: pair('0001_slow', slow, 'DROP TABLE two;'),
      words: ['--transaction', 'each'],
    },
    { way: 'outside a transaction', files: outsidePair('0001_slow', slow, 'DROP TABLE two;'), words: [] },
  ]
  for (const { way, files, words } of ways) {
    test(`ends a step that takes longer, and nothing of it stays, ${way}`, async () => {
      const { db, project } = await scene(files)
      const failed = await project.run(['migrate', '--statement-timeout', '300ms', ...words, '--json'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'STATEMENT_TIMEOUT', id: '0001_slow' })
      expect(failed.json().error.hint).toContain('--statement-timeout')
      expect(await historyOf(db)).toEqual([])
      expect(await db.sql`SELECT to_regclass('two') AS found`).toEqual([{ found: null }])
    })
  }
})
