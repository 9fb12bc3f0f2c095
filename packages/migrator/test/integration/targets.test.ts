import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

async function done(command: string): Promise<readonly string[]> {
  const finished = await project.run([...command.split(' '), '--json'])
  expect({ code: finished.code, stdout: finished.stdout }).toMatchObject({ code: 0 })
  return finished.json().steps.map(({ id, status }) => `${status} ${id}`)
}

describe('with nothing applied', () => {
  test.each(['rollback', 'rollback --steps 5', 'rollback --all', 'rollback --batch', 'safe down'])(
    '%s has nothing to do, says so, and creates nothing',
    async (command) => {
      const before = await stateOf(db)
      const { code, stdout } = await project.run(command.split(' '))
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/nothing to roll back/i) })
      expect(await stateOf(db)).toBe(before)
    },
  )

  test('rollback --target is refused', async () => {
    const expected = { code: 'TARGET_NOT_APPLIED', says: '0001_one is not applied', hint: 'Nothing is applied' }
    await expectRefusal(project, { words: ['rollback', '--target', '0001_one'], exit: 2, ...expected }, db)
  })

  test('the only applied one is reverted by a plain rollback, without --force', async () => {
    await done('migrate --steps 1')
    expect(await done('rollback')).toEqual(['reverted 0001_one'])
  })
})

describe('with all applied, by two runs', () => {
  beforeEach(async () => {
    await done('migrate --steps 1')
    await done('migrate')
  })

  test('--force reverts as many steps as are applied, and more', async () => {
    expect(await done('rollback --steps 3 --force')).toEqual([
      'reverted 0003_three',
      'reverted 0002_two',
      'reverted 0001_one',
    ])
    await done('migrate')
    expect(await done('rollback --steps 9 --force')).toHaveLength(3)
  })

  test('--batch reverts what the last run applied; a batch that is everything needs --force', async () => {
    expect(await done('rollback --batch')).toEqual(['reverted 0003_three', 'reverted 0002_two'])
    await done('migrate')
    await done('rollback --batch')
    await done('rollback')
    await done('migrate')
    const expected = { code: 'CONFIRMATION_REQUIRED', says: 'all 3 applied migrations', hint: '--force' }
    await expectRefusal(project, { words: ['rollback', '--batch'], exit: 3, ...expected }, db)
    expect(await done('rollback --batch --force')).toHaveLength(3)
  })

  test('--target stays, and the newest one as target has nothing to do', async () => {
    expect(await done('rollback --target 0003_three')).toEqual([])
    expect(await done('rollback --target 0001_one')).toEqual(['reverted 0003_three', 'reverted 0002_two'])
  })

  test('migrate up to an applied one has nothing to do, and does not claim that nothing is pending', async () => {
    await done('rollback --steps 1')
    const { code, stdout } = await project.run(['migrate', '--target', '0001_one'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.not.stringContaining('Nothing is pending') })
    expect(stdout).toContain('1 pending')
  })
})

test('rollback follows the order of application, not of ids', async () => {
  const hidden = await createProject(db.url, pair('0003_three', 'CREATE TABLE three ();', 'DROP TABLE three;'))
  expect((await hidden.run(['migrate'])).code).toBe(0)
  await hidden.write(pair('0001_one', 'CREATE TABLE one ();', 'DROP TABLE one;'))
  expect((await hidden.run(['migrate', '--allow-out-of-order'])).code).toBe(0)
  expect((await hidden.run(['rollback', '--json'])).json().steps).toMatchObject([{ id: '0001_one' }])
  await hidden.remove()
})

describe('ids that look like numbers stay texts', () => {
  const ids = ['20260101120000_first', '20260101120000123456789_second', '20260101120000123456790_third']

  test('as targets of migrate, rollback and baseline', async () => {
    await project.remove()
    const files = ids.map((id, index) => pair(id, `CREATE TABLE t${index} ();`, `DROP TABLE t${index};`))
    project = await createProject(db.url, Object.assign({}, ...files))
    expect(await done(`migrate --target ${ids[1]}`)).toEqual([`applied ${ids[0]}`, `applied ${ids[1]}`])
    expect((await project.run(['baseline', `${ids[2]}`])).code).toBe(0)
    expect(await done('rollback --target 20260101120000_first --dry-run')).toHaveLength(2)
    const expected = { code: 'TARGET_UNKNOWN', says: '"20260101120000"', hint: '20260101120000_first' }
    await expectRefusal(project, { words: ['rollback', '--target', '20260101120000'], exit: 2, ...expected }, db)
  })
})

describe('a "--" that a package manager passes on is left out', () => {
  test.each([
    ['-- migrate --steps 1', ['applied 0001_one']],
    ['safe -- --steps=2', ['applied 0001_one', 'applied 0002_two']],
  ])('%s', async (command, expected) => {
    expect(await done(command)).toEqual(expected)
  })

  test('safe -- down --steps=1', async () => {
    await done('migrate')
    expect(await done('safe -- down --steps=1')).toEqual(['reverted 0003_three'])
  })
})
