import { describe, expect, test } from 'vitest'
import { overriding } from '../../src/core/overriding.ts'
import { defineMigration, MigrationRunner } from '../../src/index.ts'
import type { Database } from '../../src/ports/database.ts'
import { until } from '../support/until.ts'
import { contract } from './contract.ts'
import { MemoryAdapter } from './memory/adapter.ts'
import { HISTORY } from './memory/history.ts'
import { MemoryServer } from './memory/server.ts'
import type { MemoryHandle } from './memory/session.ts'
import { creating, type Subject } from './subject.ts'

contract('in memory', openMemory)

describe('a database whose migrations are modules only', () => {
  const scene = () => {
    const server = new MemoryServer()
    const runnerOn = (client: MemoryAdapter) =>
      new MigrationRunner({
        adapter: overriding<Database>(client, { script: undefined }),
        operator: { user: 'contract' },
      })
    return { server, client: new MemoryAdapter(server), runnerOn, next: () => runnerOn(new MemoryAdapter(server)) }
  }
  const code = defineMigration({
    id: '0001_code',
    up: async (db: never) => {
      for (const statement of ['create a', 'pause', 'create b']) await (db as MemoryHandle).send(statement)
    },
    down: async (db: never) => {
      for (const statement of ['drop b', 'drop a']) await (db as MemoryHandle).send(statement)
    },
  })

  test('applies and rolls back modules, and refuses scripts before anything happens', async () => {
    const { server, next } = scene()
    const script = creating(await openMemory(), '0002_script', ['c'])
    await expect(next().apply([code, script])).rejects.toMatchObject({ code: 'MIGRATION_FILES_INVALID' })
    expect([...server.stored.keys()]).toEqual([])
    expect((await next().apply([code])).error).toBeUndefined()
    expect([...server.stored.keys()]).toEqual([HISTORY, 'a', 'b'])
    expect((await next().rollback([code])).error).toBeUndefined()
    expect([...server.stored.keys()]).toEqual([HISTORY])
  })

  test('recovers nothing by statements that it cannot read and could not undo', async () => {
    const { server, client, runnerOn, next } = scene()
    server.hold()
    const run = runnerOn(client).apply([code])
    await until('it pauses', async () => server.pausing > 0 || undefined)
    server.kill(client.client)
    expect((await run).error).toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(next().apply([code])).rejects.toMatchObject({ code: 'RECOVERY_FAILED' })
    expect([...server.stored.keys()]).toEqual([HISTORY, 'a'])
  })
})

async function openMemory(): Promise<Subject> {
  const server = new MemoryServer()
  const outside = server.join('outside')
  return {
    client: () => new MemoryAdapter(server),
    say: {
      create: (name) => `create ${name}`,
      drop: (name) => `drop ${name}`,
      opaque: (statement) => `run ${statement}`,
      fail: 'fail',
      pause: 'pause',
      unreadable: 'do something',
      harm: `drop ${HISTORY}`,
    },
    script: (statements) => statements.join('\n'),
    send: (handle, statement) => (handle as MemoryHandle).send(statement),
    execute: (statement) => server.execute({}, outside, statement),
    objects: async () => [...server.stored.keys()].filter((name) => name !== HISTORY).sort(),
    async hold() {
      const letGo = server.hold()
      return async () => letGo()
    },
    async paused() {
      await until('a run pauses', async () => server.pausing > 0 || undefined)
    },
    async kill(client) {
      server.kill((client as MemoryAdapter).client)
    },
    close: async () => {},
  }
}
