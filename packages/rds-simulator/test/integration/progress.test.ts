import { CreateDBSnapshotCommand } from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import { instanceOf, refusal, sharedScene, snapshotOf } from '../support/scene.ts'

// Long enough for a busy machine to look several times.
const scene = sharedScene({ snapshotMs: 3000 }, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod' })
})

const take = (id: string) =>
  scene.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'summit-prod', DBSnapshotIdentifier: id }))

test('progress grows from 0 to 100 while the source is backing-up and available again', async () => {
  const { client } = scene
  const { DBSnapshot } = await take('watched')
  expect(DBSnapshot).toMatchObject({ Status: 'creating', PercentProgress: 0, SnapshotType: 'manual' })
  expect(DBSnapshot?.SnapshotCreateTime).toBeUndefined()
  expect((await instanceOf(client, 'summit-prod')).DBInstanceStatus).toBe('backing-up')
  expect(await refusal(take('too-soon'))).toBe(
    'InvalidDBInstanceStateFault: Cannot create a snapshot because the database instance summit-prod is not currently in the available state.',
  )
  const seen: number[] = []
  for (;;) {
    const { Status, PercentProgress = -1, SnapshotCreateTime } = await snapshotOf(client, 'watched')
    seen.push(PercentProgress)
    if (Status === 'available') {
      expect(SnapshotCreateTime).toBeInstanceOf(Date)
      break
    }
  }
  expect(seen).toEqual([...seen].sort((one, other) => one - other))
  expect(seen.at(-1)).toBe(100)
  expect(seen.filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(2)
  expect((await instanceOf(client, 'summit-prod')).DBInstanceStatus).toBe('available')
})
