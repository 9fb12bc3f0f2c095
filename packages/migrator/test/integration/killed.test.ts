import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import type { TestDatabase } from '../support/database.ts'
import { historyOf, lockHolder, nobodySleeps, sleeping, tablesOf } from '../support/observe.ts'
import { hurry, outsidePair, type Scene, SLEEP, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')
const UP = `CREATE TABLE two (id int);\n${SLEEP};\nCREATE TABLE two_more (id int);\n`
const DOWN = 'DROP TABLE two_more;\nDROP TABLE two;\n'
const outside = { ...one, ...outsidePair('0002_two', UP, DOWN), ...three }
const all = ['0001_one', '0002_two', '0003_three']

/** Kills the command, as the kernel would, while its step sleeps. */
async function killWhileSleeping({ db, project }: Scene, words: readonly string[]): Promise<void> {
  const running = project.start(words)
  await sleeping(db)
  running.process.kill('SIGKILL')
  expect((await running.finished).signal).toBe('SIGKILL')
}

/** A scene whose second migration was killed half-way, outside a transaction. */
async function killedScene(files: Record<string, string> = outside, standing = ''): Promise<Scene> {
  const made = await scene(files, { standing })
  await killWhileSleeping(made, ['migrate'])
  await hurry(made.db)
  return made
}

async function oidOf({ sql }: TestDatabase, table: string): Promise<number | null> {
  const [row] = await sql`SELECT to_regclass(${table})::oid AS oid`
  return row?.oid
}

describe('killed in a transaction', () => {
  test('nothing is applied, the server ends the statement on its own, and the next run works at once', async () => {
    const made = await scene({ ...one, ...pair('0002_two', UP, DOWN) })
    await killWhileSleeping(made, ['migrate'])
    await hurry(made.db)
    const next = await made.project.run(['migrate', '--lock-wait', '3s', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual([])
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
  })

  test('the statement of a killed runner does not work on in the server', async () => {
    const made = await scene({ ...one, ...pair('0002_two', UP, DOWN) })
    await killWhileSleeping(made, ['migrate'])
    await nobodySleeps(made.db, 5_000)
    expect(await tablesOf(made.db)).toEqual([])
    expect(await historyOf(made.db)).toEqual([])
  })
})

describe('killed outside a transaction', () => {
  test('the entry is dirty and tells how far it came', async () => {
    const { db, project } = await killedScene()
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
    const [row] = await db.sql`SELECT progress FROM schema_migrations WHERE dirty`
    expect(row?.progress).toMatchObject({ direction: 'up', finished: 1 })
    expect(row?.progress.statement).toContain('pg_sleep')
    const status = await project.run(['status', '--json', '--check'])
    expect(status.code).toBe(5)
    expect(status.json().migrations[1]).toMatchObject({ id: '0002_two', state: 'dirty' })
  })

  test('the next run takes the half-done up back, removes its record, and applies it anew', async () => {
    const { db, project } = await killedScene()
    const halfDone = await oidOf(db, 'two')
    expect(halfDone).not.toBeNull()
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0002_two'])
    expect(await historyOf(db)).toEqual(all)
    expect(await tablesOf(db)).toEqual(['one', 'three', 'two', 'two_more'])
    expect(await oidOf(db, 'two')).not.toBe(halfDone)
    const messages =
      await db.sql`SELECT message FROM migration_logs WHERE event IN ('dirty-found', 'recovered') ORDER BY id`
    expect(messages.map(({ message }) => message)).toEqual([
      'Found migrations in dirty state',
      'Recovered 0002_two: rolled back and removed from the history',
    ])
  })

  test('--no-auto-recover stops with exit 3 before anything is touched, and says how to go on', async () => {
    const { db, project } = await killedScene()
    const stopped = await project.run(['migrate', '--no-auto-recover', '--json'])
    expect(stopped.code, saidBy(stopped)).toBe(3)
    expect(stopped.json().error).toMatchObject({ code: 'MIGRATION_DIRTY', versions: ['0002_two'] })
    expect(stopped.json().error.message).toContain('pg_sleep')
    expect(stopped.json().error.hint).toContain('without --no-auto-recover')
    expect(stopped.json().error.hint).toContain('repair clear-dirty')
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
    expect(await tablesOf(db)).toEqual(['one', 'two'])
  })

  test('a dry run changes nothing and shows what is dirty', async () => {
    const { db, project } = await killedScene()
    const shown = await project.run(['migrate', '--dry-run'])
    expect(shown.stdout).toMatch(/0002_two: dirty/)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
    expect(await tablesOf(db)).toEqual(['one', 'two'])
  })

  test('a rollback takes it back as its newest step', async () => {
    const { db, project } = await killedScene()
    const back = await project.run(['rollback', '--json'])
    expect(back.code, saidBy(back)).toBe(0)
    expect(back.json().steps).toMatchObject([{ id: '0002_two', by: 'recovery', status: 'reverted' }])
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })

  test('its file being gone, the archived down takes it back', async () => {
    const { db, project } = await killedScene()
    const rest = await scene({ ...one, ...three }, { reachedBy: () => db.url })
    const next = await rest.project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0002_two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0003_three'])
    expect(await tablesOf(db)).toEqual(['one', 'three'])
    expect(project.directory).not.toBe(rest.project.directory)
  })
})

describe('a statement that the server still works on', () => {
  /** The dead run's session, as a server sees it that has not noticed yet. */
  async function orphan({ db }: Scene): Promise<() => Promise<void>> {
    await nobodySleeps(db, 5_000)
    await db.sql`UPDATE pace SET hurried = false`
    const [row] = await db.sql`SELECT progress->>'applicationName' AS name FROM schema_migrations WHERE dirty`
    const session = postgres(db.url, { max: 1, connection: { application_name: row?.name }, onnotice: () => {} })
    const working = session.unsafe(SLEEP).then(undefined, () => undefined)
    await sleeping(db)
    return async () => {
      await hurry(db)
      await working
      await session.end()
    }
  }

  test('is waited for before anything is rolled back', async () => {
    const made = await killedScene()
    const release = await orphan(made)
    const next = made.project.start(['migrate', '--json'])
    await lockHolder(made.db)
    await pause(700) // It looks every quarter of a second.
    expect(next.process.exitCode).toBeNull()
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    expect(await tablesOf(made.db)).toEqual(['one', 'two'])
    await release()
    const ended = await next.finished
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(await historyOf(made.db)).toEqual(all)
  })

  test('is named with its pid, and how to end it, when it does not come to an end', async () => {
    const made = await killedScene()
    const release = await orphan(made)
    const pid = await sleeping(made.db)
    const stopped = await made.project.run(['migrate', '--lock-wait', '1s', '--json'])
    expect(stopped.code, saidBy(stopped)).toBe(3)
    expect(stopped.json().error).toMatchObject({ code: 'RECOVERY_FAILED', id: '0002_two' })
    expect(stopped.json().error.message).toContain(`pid ${pid}`)
    expect(stopped.json().error.hint).toContain(`pg_terminate_backend(${pid})`)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    expect(await tablesOf(made.db)).toEqual(['one', 'two'])
    await release()
  })
})

describe('a rollback killed outside a transaction', () => {
  const files = { ...one, ...outsidePair('0002_two', 'CREATE TABLE two (id int);', `DROP TABLE two;\n${SLEEP};\n`) }

  async function killedRollback(): Promise<Scene> {
    const made = await scene(files)
    expect((await made.project.run(['migrate'])).code).toBe(0)
    await killWhileSleeping(made, ['rollback'])
    await hurry(made.db)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
    return made
  }

  test('is completed by the next rollback', async () => {
    const { db, project } = await killedRollback()
    const next = await project.run(['rollback', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().steps).toMatchObject([{ id: '0002_two', status: 'reverted' }])
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })

  test('is completed by the next migrate, which then applies it anew', async () => {
    const { db, project } = await killedRollback()
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0002_two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
    expect(await tablesOf(db)).toEqual(['one', 'two'])
  })

  test('does not run again what had finished already', async () => {
    const made = await scene(
      { ...one, ...outsidePair('0002_two', 'SELECT 1;', `UPDATE purse SET coins = coins - 1;\n${SLEEP};\n`) },
      { standing: 'CREATE TABLE purse AS SELECT 10 AS coins;' },
    )
    await made.project.run(['migrate'])
    await killWhileSleeping(made, ['rollback'])
    await hurry(made.db)
    const next = await made.project.run(['rollback', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(await historyOf(made.db)).toEqual(['0001_one'])
    expect(await made.db.sql`SELECT coins FROM purse`).toEqual([{ coins: 9 }])
  })
})
