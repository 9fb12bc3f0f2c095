import { expect, onTestFinished, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { saidBy, scene } from '../support/scene.ts'
import { startWireProxy, type WireProxy } from '../support/wire/proxy.ts'
import { countTrips } from '../support/wire/round-trips.ts'

const files = {
  ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'),
  ...pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;'),
}

test('a first migrate, one with nothing pending, and status need few round trips', async () => {
  const counted = countTrips()
  const asked: string[] = []
  let proxy: WireProxy | undefined
  const { project } = await scene(files, {
    reachedBy: async (url) => {
      proxy = await startWireProxy(url, {
        seen(message) {
          counted.seen(message)
          if (message.from === 'client') asked.push(message.text)
        },
      })
      return proxy.through(url)
    },
  })
  onTestFinished(() => proxy?.stop())
  const tripsOf = async (...words: readonly string[]) => {
    counted.take()
    const finished = await project.run(words)
    expect(finished.code, saidBy(finished)).toBe(0)
    return counted.take()
  }
  await tripsOf('migrate')
  // The log's connection writes as time passes, so the trips of a first run vary; these two are one message each.
  expect(asked.filter((text) => text.includes('CREATE TABLE "public"."'))).toHaveLength(1)
  expect(asked.filter((text) => text.includes('pg_try_advisory_xact_lock'))).toEqual([expect.stringMatching(/^BEGIN/)])
  // The server is asked who it is, the session is set up, the history is found, and read; `status` reads the mark as well.
  expect(await tripsOf('migrate')).toEqual({ connections: 1, trips: 4 })
  expect(await tripsOf('status')).toEqual({ connections: 1, trips: 5 })
})
