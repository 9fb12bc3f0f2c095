import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diffCatalogs } from '../../src/core/schema-diff.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { createWalker, type DownFixture, downFixtures, type Walk, type Walker } from '../support/downs.ts'

const broken = downFixtures('broken')
const correct = downFixtures('correct')

let database: TestDatabase
let shared: Walker

beforeAll(async () => {
  database = await createDatabase()
  shared = await createWalker(database.url)
})

afterAll(async () => {
  await shared.close()
  await database.drop()
})

/** What cannot be undone by aborting a transaction gets a database of its own. */
async function walk(fixture: DownFixture): Promise<Walk> {
  if (fixture.transactional) return shared.walk(fixture)
  const own = await createDatabase()
  const walker = await createWalker(own.url)
  try {
    return await walker.walk(fixture)
  } finally {
    await walker.close()
    await own.drop()
  }
}

test('the corpus has at least 45 kinds of broken downs and 45 correct ones', () => {
  expect(broken.length).toBeGreaterThanOrEqual(45)
  expect(correct.length).toBeGreaterThanOrEqual(45)
})

/** `expected.json` is written by `vitest -u`, and read by people: every object that the down left otherwise. */
describe('a broken down is caught, and what it broke is named', () => {
  test.each(broken)('$name', async (fixture) => {
    const { before, down, failure } = await walk(fixture)
    const found = down && diffCatalogs(before, down)
    expect(failure ?? found?.verdict).toMatch(/^(?:[0-9A-Z]{5}|order-only|differs)$/)
    const differences = found?.differences.map(({ kind, object, changes }) =>
      kind === 'changed' ? { kind, object, changes } : { kind, object },
    )
    const text = JSON.stringify({ fails: failure, verdict: found?.verdict, differences }, undefined, 2)
    await expect(`${text}\n`).toMatchFileSnapshot(join(fixture.folder, 'expected.json'))
  })
})

describe('a correct down raises nothing, although its up changed something', () => {
  test.each(correct)('$name', async (fixture) => {
    const { before, up, down, failure } = await walk(fixture)
    expect(failure).toBeUndefined()
    expect(diffCatalogs(before, down ?? {})).toEqual({ verdict: 'identical', differences: [] })
    expect(diffCatalogs(before, up).verdict).not.toBe('identical')
  })
})
