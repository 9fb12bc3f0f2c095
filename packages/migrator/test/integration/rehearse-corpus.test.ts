import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeLoss } from '../../src/core/data/data-loss.ts'
import type { ScratchContext, ScratchServer } from '../../src/ports/scratch.ts'
import { type DownFixture, downFixtures } from '../support/downs.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { contextOn, type Rehearsed, rehearseSql, scratchOn } from '../support/rehearse.ts'

let server: ScratchServer
let context: ScratchContext

let own: OwnServer

// A server of its own: roles, which some of these make, are the whole server's.
beforeAll(async () => {
  own = await ownServer()
  server = await scratchOn(own.url)
  context = contextOn(server)
})

afterAll(async () => {
  await server.close()
  await own.stop()
})

function rehearse({ before, up, down, transactional }: DownFixture): Promise<Rehearsed> {
  return rehearseSql(context, before, { up, down, transactional })
}

describe('a rehearsal catches a broken down', () => {
  test.each(downFixtures('broken'))('$name', async (fixture) => {
    const { verdict, reasons } = await rehearse(fixture)
    const told = reasons.join('\n')
    expect(verdict, told).not.toMatch(/lossless|unproven/)
    expect(told).toMatch(/The down fails|The down does not restore the schema|columns in a different order/)
  })
})

/** Their downs bring the schema back, but not over NULLs, longer values, and labels that the new schema allows. */
const FAIL_ON_VALUES = new Set(['enum-rebuilt', 'many-columns', 'named-not-null', 'not-null-and-back'])

/** Their downs bring back a key or a check, which refuses rows that the new schema allows. */
const FAIL_ON_ROWS = new Set([
  'constraints-swapped',
  'domain',
  'exclusion-constraint',
  'partition-detached',
  'self-reference-and-cycle',
])

/** Their downs hold for plain values, and not for the largest numbers and the like. */
const FAIL_ON_EXTREMES = new Set(['type-changed'])

const correct = downFixtures('correct')

describe('a rehearsal finds nothing broken in a correct down', () => {
  test.each(correct.filter(({ name }) => !FAIL_ON_VALUES.has(name)))('$name', async (fixture) => {
    const { verdict, reasons } = await rehearse(fixture)
    const isUnproven = FAIL_ON_EXTREMES.has(fixture.name) || FAIL_ON_ROWS.has(fixture.name)
    const expected = isUnproven ? /^unproven$/ : /^(?:lossless|lossy)$/
    expect(verdict, reasons.join('\n')).toMatch(expected)
  })
})

describe('a rehearsal names the data that a migration loses', () => {
  test.each(downFixtures('losing'))('$name', async (fixture) => {
    const { verdict, reasons, lostByDown, lostByRoundTrip } = await rehearse(fixture)
    expect(verdict, reasons.join('\n')).toBe('lossy')
    const lost = [...lostByRoundTrip, ...lostByDown].map(describeLoss).join('\n')
    expect(lost).toContain(readFileSync(join(fixture.folder, 'loses.txt'), 'utf8').trim())
  })
})

describe('a rehearsal catches a down that works only until somebody writes', () => {
  test.each([...downFixtures('failing'), ...correct.filter(({ name }) => FAIL_ON_VALUES.has(name))])(
    '$name',
    async (fixture) => {
      const { verdict, reasons } = await rehearse(fixture)
      expect(verdict).toBe('broken')
      expect(reasons.join('\n')).toMatch(/The down fails.*it works without/)
    },
  )
})

describe('a rehearsal says of a down that it brings back a rule which rows written meanwhile may break', () => {
  test.each([...downFixtures('refusing'), ...correct.filter(({ name }) => FAIL_ON_ROWS.has(name))])(
    '$name',
    async (fixture) => {
      const { verdict, reasons, differences } = await rehearse(fixture)
      expect(verdict).toBe('unproven')
      expect(reasons.join('\n')).toMatch(/Its down fails and changes nothing on rows written after the up/)
      expect(differences).toEqual([])
    },
  )
})

describe('a rehearsal catches a down after which the next row is refused', () => {
  test.each(downFixtures('repeating'))('$name', async (fixture) => {
    const { verdict, reasons } = await rehearse(fixture)
    expect(verdict).toBe('broken')
    const told =
      /After the down, the next row of .* is rejected: .* generates -?1, but .*Let the down set it: (.*;)$/.exec(
        reasons.join('\n'),
      )
    const remedied = await rehearse({ ...fixture, down: `${fixture.down}\n${told?.[1]}` })
    expect(remedied.verdict, remedied.reasons.join('\n')).toMatch(/^(?:lossless|lossy)$/)
  })
})
