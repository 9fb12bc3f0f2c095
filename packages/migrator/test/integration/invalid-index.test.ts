import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { building, historyOf, indexesOf, sleeping } from '../support/observe.ts'
import { hurry, outsidePair, SLEEP, saidBy, scene } from '../support/scene.ts'

const TWINS = "CREATE TABLE people (email text); INSERT INTO people VALUES ('a'), ('a');"
const DOWN = 'DROP INDEX CONCURRENTLY IF EXISTS people_email;'

describe('CREATE UNIQUE INDEX CONCURRENTLY on rows that are not unique', () => {
  const up = 'CREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email);'

  test('fails, leaves no invalid index behind, and reports it', async () => {
    const { db, project } = await scene(outsidePair('0001_unique', up, DOWN), { standing: TWINS })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', sqlstate: '23505' })
    expect(failed.json().error.message).toContain('people_email')
    expect(await indexesOf(db, 'people')).toEqual({})
    expect(await historyOf(db)).toEqual([])
  })

  test('works when the rows are unique at last', async () => {
    const { db, project } = await scene(outsidePair('0001_unique', up, DOWN), { standing: TWINS })
    await project.run(['migrate'])
    await db.sql`DELETE FROM people WHERE ctid = (SELECT min(ctid) FROM people)`
    expect((await project.run(['migrate'])).code).toBe(0)
    expect(await indexesOf(db, 'people')).toEqual({ people_email: 'valid' })
    expect(await historyOf(db)).toEqual(['0001_unique'])
  })

  test('leaves a dirty entry and names the invalid index where the down does not drop it', async () => {
    const { db, project } = await scene(outsidePair('0001_unique', up, 'SELECT 1;'), { standing: TWINS })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ dirty: true })
    expect(failed.json().error.message).toContain('public.people_email')
    expect(await indexesOf(db, 'people')).toEqual({ people_email: 'invalid' })
    expect(await historyOf(db)).toEqual(['0001_unique dirty'])
  })
})

describe('CREATE INDEX CONCURRENTLY IF NOT EXISTS over an invalid index', () => {
  const up = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS people_email ON people (email);'

  async function withInvalidIndex(more: Record<string, string>) {
    const made = await scene({ ...outsidePair('0001_index', up, DOWN), ...more }, { standing: TWINS })
    const failed = made.db.sql.unsafe('CREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email)')
    await expect(failed).rejects.toThrow('could not create unique index')
    expect(await indexesOf(made.db, 'people')).toEqual({ people_email: 'invalid' })
    return made
  }

  test('is refused: the server would not use it', async () => {
    const { db, project } = await withInvalidIndex({})
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'INVALID_INDEX', id: '0001_index' })
    expect(failed.json().error.invalidIndexes).toEqual(['public.people_email'])
    expect(failed.json().error.hint).toContain('DROP INDEX CONCURRENTLY')
    expect(await historyOf(db)).toEqual([])
  })

  test('does not hold up a migration that has nothing to do with it', async () => {
    const { project } = await withInvalidIndex(pair('0001_index', 'SELECT 1;', 'SELECT 1;'))
    await project.write(
      outsidePair(
        '0002_other',
        'CREATE INDEX CONCURRENTLY people_length ON people (length(email));',
        'DROP INDEX people_length;',
      ),
    )
    const done = await project.run(['migrate'])
    expect(done.code, saidBy(done)).toBe(0)
  })

  test('nor one whose text holds its name by chance', async () => {
    const { db, project } = await withInvalidIndex(pair('0001_index', 'SELECT 1;', 'SELECT 1;'))
    await db.sql`ALTER INDEX people_email RENAME TO email`
    await project.write(
      outsidePair('0002_other', 'CREATE INDEX CONCURRENTLY by_mail ON people (email);', 'DROP INDEX by_mail;'),
    )
    const done = await project.run(['migrate'])
    expect(done.code, saidBy(done)).toBe(0)
  })
})

test('a runner killed while it builds an index leaves it invalid; the next run builds it anew', async () => {
  const files = outsidePair('0001_index', 'CREATE INDEX CONCURRENTLY people_email ON people (email);', DOWN)
  const { db, project } = await scene(files, { standing: TWINS })
  const reader = await db.sql.reserve()
  await reader.unsafe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM people')
  const running = project.start(['migrate'])
  await building(db)
  running.process.kill('SIGKILL')
  await running.finished
  await reader.unsafe('ROLLBACK')
  reader.release()
  const next = await project.run(['migrate', '--json'])
  expect(next.code, saidBy(next)).toBe(0)
  expect(await indexesOf(db, 'people')).toEqual({ people_email: 'valid' })
  expect(await historyOf(db)).toEqual(['0001_index'])
})

test('the run lock does not hold up CREATE INDEX CONCURRENTLY, nor do runners that wait for it', async () => {
  const files = outsidePair('0001_index', `${SLEEP};\nCREATE INDEX CONCURRENTLY people_email ON people (email);`, DOWN)
  const { db, project } = await scene(files, { standing: TWINS })
  const runner = project.start(['migrate'])
  await sleeping(db)
  const waiting = project.start(['migrate'])
  await waiting.says('Waiting up to')
  await hurry(db)
  expect((await runner.finished).code).toBe(0)
  expect((await waiting.finished).code).toBe(0)
  expect(await indexesOf(db, 'people')).toEqual({ people_email: 'valid' })
})
