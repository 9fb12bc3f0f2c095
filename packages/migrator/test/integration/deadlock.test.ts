import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import type { TestDatabase } from '../support/database.ts'
import { historyOf, waitingForLock } from '../support/observe.ts'
import { outsidePair, saidBy, scene } from '../support/scene.ts'
import { until } from '../support/until.ts'

const STANDING = 'CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);'
/** Takes a and then b: together with a session that took b and wants a, a deadlock. */
const BOTH = 'LOCK TABLE a IN ACCESS EXCLUSIVE MODE; LOCK TABLE b IN ACCESS EXCLUSIVE MODE;'
const crossing = `DO $$ BEGIN ${BOTH} END $$;`
const UP = `${crossing}\nCREATE TABLE c (id int);\n`
const DOWN = 'DROP TABLE IF EXISTS c;\n'

/** The other session never gives up: whoever waits behind it is the one that the server picks. */
async function crossed(db: TestDatabase): Promise<{ cross(): Promise<void>; letGo(): Promise<void> }> {
  const session = await db.sql.reserve()
  await session.unsafe("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
  let second: Promise<unknown> = Promise.resolve()
  return {
    async cross() {
      await waitingForLock(db)
      second = session.unsafe('LOCK TABLE a IN ACCESS EXCLUSIVE MODE').then(
        () => undefined,
        () => undefined,
      )
    },
    async letGo() {
      await second
      await session.unsafe('ROLLBACK')
      session.release()
    },
  }
}

const modes = [
  { mode: 'in one transaction for all', files: pair('0001_c', UP, DOWN), words: [] },
  { mode: 'in one transaction each', files: pair('0001_c', UP, DOWN), words: ['--transaction', 'each'] },
  { mode: 'outside a transaction', files: outsidePair('0001_c', UP, DOWN), words: [] },
]

describe.each(modes)('a deadlock $mode', ({ files, words }) => {
  test('is tried again, and the step succeeds once the other session is done', async () => {
    const { db, project } = await scene(files, { standing: STANDING })
    const other = await crossed(db)
    const running = project.start(['migrate', '--lock-timeout', '5s', ...words])
    await other.cross()
    await running.says('the server ended a deadlock')
    await other.letGo()
    const done = await running.finished
    expect(done.code, saidBy(done)).toBe(0)
    expect(await historyOf(db)).toEqual(['0001_c'])
  })

  test('is named as what it is when no try is left, and nothing stays', async () => {
    const { db, project } = await scene(files, { standing: STANDING })
    const other = await crossed(db)
    const running = project.start(['migrate', '--lock-timeout', '5s', '--lock-retries', '0', '--json', ...words])
    await other.cross()
    const failed = await running.finished
    await other.letGo()
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'DEADLOCK', id: '0001_c', sqlstate: '40P01' })
    expect(failed.json().error.hint).not.toContain('Correct the migration')
    expect(await historyOf(db)).toEqual([])
    expect((await db.sql`SELECT to_regclass('c') AS found`)[0]?.found).toBeNull()
  })
})

/** Reads first, so that the snapshot is older than the change that comes before its own. */
const RACING = `DO $$ BEGIN
  PERFORM count(*) FROM a;
  WHILE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'racer' AND state = 'idle') LOOP
    PERFORM pg_sleep(0.02); PERFORM pg_stat_clear_snapshot();
  END LOOP;
  UPDATE a SET id = id + 10;
END $$;\n`

test.each([
  { mode: 'in one transaction for all', words: [] },
  { mode: 'in one transaction each', words: ['--transaction', 'each'] },
])('a serialization failure under a stricter default is tried again, $mode', async ({ words }) => {
  const { db, project } = await scene(pair('0001_race', RACING, 'UPDATE a SET id = id - 10;'), { standing: STANDING })
  await db.sql.unsafe(`ALTER DATABASE ${db.name} SET default_transaction_isolation = 'repeatable read'`)
  const racer = await db.sql.reserve()
  const running = project.start(['migrate', ...words])
  await db.sql`SELECT 1`
  await until('the step has its snapshot', async () => {
    const [row] = await db.sql`SELECT 1 FROM pg_stat_activity WHERE datname = ${db.name} AND wait_event = 'PgSleep'`
    return row ? true : undefined
  })
  await racer.unsafe("SET application_name = 'racer'; UPDATE a SET id = id + 100")
  const done = await running.finished
  racer.release()
  expect(done.code, saidBy(done)).toBe(0)
  expect(saidBy(done)).toContain('another session changed the same rows')
  expect(await db.sql`SELECT id FROM a`).toEqual([{ id: 111 }])
})
