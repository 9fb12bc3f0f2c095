import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { portable } from '../../src/core/catalog.ts'
import { diffCatalogs } from '../../src/core/schema-diff.ts'
import { fingerprintOf } from '../../src/dialects/postgres/catalog/index.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { createWalker, type DownFixture, downFixtures, type Walk, type Walker } from '../support/downs.ts'
import { type MajorServer, olderMajors, startMajor } from '../support/majors.ts'

/** All of the corpus that needs nothing newer, at each of its three points, on every major. */
const fixtures = [...downFixtures('correct'), ...downFixtures('broken')].filter(({ transactional }) => transactional)

let database: TestDatabase
let current: Walker
const reference = new Map<DownFixture, Walk>()

beforeAll(async () => {
  database = await createDatabase()
  current = await createWalker(database.url)
  for (const fixture of fixtures) reference.set(fixture, await current.walk(fixture))
})

afterAll(async () => {
  await current.close()
  await database.drop()
})

test('every major is covered unless POSTGRES_MAJORS names others', () => {
  expect(olderMajors('')).toEqual(['14', '15', '16', '17'])
  expect(olderMajors('14, 18')).toEqual(['14'])
  expect(olderMajors('18')).toEqual([])
})

describe.each(olderMajors())('PostgreSQL %s', (major) => {
  let server: MajorServer
  let walker: Walker

  beforeAll(async () => {
    server = await startMajor(major)
    walker = await createWalker(server.url)
  })

  afterAll(async () => {
    await walker?.close()
    await server?.stop()
  })

  test.each(fixtures.filter(({ needs }) => needs <= Number(major)))('reads $name like 18', async (fixture) => {
    const expected = reference.get(fixture)
    const found = await walker.walk(fixture)
    expect(found.failure).toBe(expected?.failure)
    for (const point of ['before', 'up', 'down'] as const) {
      const [here, there] = [found[point] ?? {}, expected?.[point] ?? {}]
      expect(diffCatalogs(portable(there), portable(here)).differences).toEqual([])
      expect(fingerprintOf(here)).toBe(fingerprintOf(there))
    }
  })
})
