import { setTimeout as pause } from 'node:timers/promises'
import { MigratorError } from '../../../errors.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import type { SqlSession } from './sql-session.ts'

const ROOM_MS = 3_000

/** A pool whose connections are all taken, or that has one only: the lock holds that, and everything else would wait for ever. */
export async function refuseWithoutRoom(on: SqlSession, location: DatabaseLocation): Promise<void> {
  if (!on.pooled) return
  const answer = on.query('SELECT 1 AS answer').then(() => 'answered' as const)
  // The answer arrives, or is lost with its session, after the lock is released.
  answer.catch(() => undefined)
  const answered = await Promise.race([answer, pause(ROOM_MS, undefined, { ref: false })])
  if (answered === 'answered') return
  const message = `The pooler ${location.host}:${location.port} has no free second connection to the server while the run lock is held.`
  throw new MigratorError('CONNECTION_FAILED', message, {
    hint: 'A run needs two to five pool connections at once: raise its size (PgBouncer: default_pool_size), wait until it is less busy, or point DATABASE_URL at the server itself.',
    details: { reason: 'busy' },
  })
}
