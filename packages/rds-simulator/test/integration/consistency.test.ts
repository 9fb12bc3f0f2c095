import { setTimeout as sleep } from 'node:timers/promises'
import { CreateDBSnapshotCommand, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds'
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { availableInstance, availableSnapshot, connect, sharedScene, urlOf } from '../support/scene.ts'

const scene = sharedScene({ snapshotMs: 50 }, async () => undefined)

async function takeAndRestore(instance: string): Promise<postgres.Sql> {
  const { client } = scene
  const [snapshot, id] = [`${instance}-snapshot`, `${instance}-restored`]
  await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: instance, DBSnapshotIdentifier: snapshot }))
  await availableSnapshot(client, snapshot)
  await client.send(
    new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: id, DBSnapshotIdentifier: snapshot }),
  )
  return connect(urlOf(await availableInstance(client, id)))
}

test('a snapshot taken while four sessions write, checkpoint, create and drop recovers to one consistent moment', async () => {
  const { databaseUrl } = await scene.simulator.addInstance({ id: 'busy', databaseName: 'app' })
  const sql = connect(databaseUrl)
  await sql`CREATE TABLE accounts AS SELECT id, 100 AS balance, repeat('x', 500) AS filler FROM generate_series(1, 20000) AS id`
  await sql`ALTER TABLE accounts ADD PRIMARY KEY (id)`
  await sql`CREATE TABLE entries (session int, number int, PRIMARY KEY (session, number))`
  let writing = true
  const written = [0, 0, 0]
  const writers = written.map(async (_, session) => {
    for (let number = 1; writing; number++) {
      const one = 1 + Math.floor(Math.random() * 10_000)
      const other = one + 1 + Math.floor(Math.random() * 9_999) // Always in this order: no deadlocks.
      await sql.begin(async (tx) => {
        await tx`UPDATE accounts SET balance = balance - 1 WHERE id = ${one}`
        await tx`UPDATE accounts SET balance = balance + 1 WHERE id = ${other}`
        await tx`INSERT INTO entries VALUES (${session}, ${number})`
      })
      written[session] = number
    }
  })
  const churn = (async () => {
    while (writing) {
      await sql`CREATE TABLE passing AS SELECT generate_series(1, 5000) AS id`
      await sql`DROP TABLE passing`
      await sql`CHECKPOINT`
    }
  })()
  await sleep(300)
  const before = [...written]
  const restored = await takeAndRestore('busy')
  writing = false
  await Promise.all([...writers, churn])

  // PostgreSQL puts the label away once it has recovered from it.
  expect(await restored`SELECT (pg_stat_file('backup_label.old', true)).size > 0 AS recovered`).toEqual([
    { recovered: true },
  ])
  const [sum] = await restored`SELECT sum(balance)::int AS balance, count(*)::int FROM accounts`
  expect(sum).toEqual({ balance: 2_000_000, count: 20_000 })
  const rows =
    await restored`SELECT session, count(*)::int AS count, max(number) AS last FROM entries GROUP BY session ORDER BY session`
  expect(rows).toHaveLength(3)
  for (const { session, count, last } of rows) {
    // All that was committed before the snapshot was asked for, without a gap, and nothing that came after the answer.
    expect(count).toBe(last)
    expect(last).toBeGreaterThanOrEqual(before[session] ?? Number.NaN)
    expect(last).toBeLessThan(written[session] ?? Number.NaN)
  }
  await restored`SET enable_seqscan = off`
  const [byIndex] = await restored`SELECT count(id)::int FROM accounts WHERE id > 0`
  expect(byIndex?.count).toBe(20_000)
})

test('what a transaction has not committed when the snapshot is taken is not in it, even if it commits later', async () => {
  const { databaseUrl } = await scene.simulator.addInstance({ id: 'open', databaseName: 'app' })
  const sql = connect(databaseUrl)
  await sql`CREATE TABLE notes (text text)`
  await sql`INSERT INTO notes VALUES ('before')`
  const restored = await sql.begin(async (tx) => {
    await tx`INSERT INTO notes VALUES ('open')`
    return takeAndRestore('open')
  })
  expect(await sql`SELECT text FROM notes ORDER BY text`).toEqual([{ text: 'before' }, { text: 'open' }])
  expect(await restored`SELECT text FROM notes`).toEqual([{ text: 'before' }])
})
