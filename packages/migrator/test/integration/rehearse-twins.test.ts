import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScratchContext, ScratchServer } from '../../src/ports/scratch.ts'
import { contextOn, rehearseSql, scratchOn } from '../support/rehearse.ts'
import { twinKinds, twinsOf } from '../support/twins.ts'

let server: ScratchServer
let context: ScratchContext

beforeAll(async () => {
  server = await scratchOn()
  context = contextOn(server)
})

afterAll(() => server.close())

test.each(twinKinds())('%s: at least four twins, wrong ones and right ones', (kind) => {
  const twins = twinsOf(kind)
  expect(twins.length).toBeGreaterThanOrEqual(4)
  const right = twins.filter(({ verdict }) => verdict === 'lossless')
  expect(right.length).toBeGreaterThan(0)
  expect(right.length).toBeLessThan(twins.length)
})

describe.each(twinKinds())('the verdict on %s is the true one', (kind) => {
  test.each(twinsOf(kind))('$name', async (twin) => {
    const { verdict, reasons } = await rehearseSql(context, twin.before, twin)
    expect(verdict, reasons.join('\n')).toBe(twin.verdict)
    if (twin.says) expect(reasons.join('\n')).toMatch(twin.says)
  })
})
