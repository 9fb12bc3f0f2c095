import { expect, onTestFinished, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { saidBy, scene } from '../support/scene.ts'
import { startWireProxy, type WireProxy } from '../support/wire/proxy.ts'
import { countTrips } from '../support/wire/round-trips.ts'

const files = {
  ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'),
  ...pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;'),
}

test('status, and a migrate with nothing pending, need one connection and at most six round trips', async () => {
  const counted = countTrips()
  let proxy: WireProxy | undefined
  const { project } = await scene(files, {
    reachedBy: async (url) => {
      proxy = await startWireProxy(url, { seen: counted.seen })
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
  // The server is asked who it is, the session is set up, the history is found, and read; `status` reads the mark as well.
  expect(await tripsOf('migrate')).toEqual({ connections: 1, trips: 4 })
  expect(await tripsOf('status')).toEqual({ connections: 1, trips: 5 })
})
