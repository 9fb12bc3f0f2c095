import { createHash } from 'node:crypto'
import { inject } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Migration } from '../../src/core/migration.ts'
import { type Judgement, judgeRehearsal, type RehearsalFacts } from '../../src/core/rehearsal.ts'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { replaceDatabase } from '../../src/dialects/postgres/connection/split.ts'
import { createRehearsalTools } from '../../src/dialects/postgres/rehearsal-tools.ts'
import { createScratchServer, type ScratchServerOptions } from '../../src/dialects/postgres/scratch/server.ts'
import { rehearsed } from '../../src/engine/rehearse/attempts.ts'
import { createMovingScratchSession } from '../../src/engine/rehearse/scratch-session.ts'
import type { ScratchContext, ScratchServer } from '../../src/ports/scratch.ts'

/** Scratch databases on the suite's own server, or on another one. Whoever asked for it closes `server`. */
export async function scratchOn(
  url: string = inject('serverUrl'),
  more: Partial<ScratchServerOptions> = {},
): Promise<ScratchServer> {
  const admin = new PostgresAdapter({ connectionString: url })
  return createScratchServer({
    name: 'PostgreSQL % of the suite',
    admin: () => admin.connect({ modules: false }),
    open: (database) => new PostgresAdapter({ connectionString: replaceDatabase(url, database) }),
    ...more,
  })
}

export function contextOn(server: ScratchServer, signal = new AbortController().signal): ScratchContext {
  return { server, tools: createRehearsalTools([]), clock: systemClock, signal }
}

export interface SqlSteps {
  readonly id?: string
  readonly up: string
  readonly down?: string | undefined
  readonly transactional?: boolean
}

/** A pair as it would be loaded. */
export function sqlMigration({ id = '0002_change', up, down, transactional = true }: SqlSteps): Migration {
  const checksum = createHash('sha256').update(up).digest('hex')
  const named = { id, format: 'sql', checksum, path: `${id}.up.sql`, transactional, sources: [] } as const
  const action = (sql: string, part: string) => ({ kind: 'sql', sql, file: `${id}.${part}.sql` }) as const
  if (down === undefined) return { ...named, irreversible: 'it has none', up: action(up, 'up') }
  return { ...named, up: action(up, 'up'), down: action(down, 'down') }
}

export interface Rehearsed extends Judgement {
  readonly facts: RehearsalFacts
}

/** One migration on what `before` makes, without keeping anything. */
export async function rehearseSql(context: ScratchContext, before: string, steps: SqlSteps): Promise<Rehearsed> {
  const standing = sqlMigration({ id: '0001_before', up: before, transactional: steps.transactional ?? true })
  const history = before.trim() === '' ? [sqlMigration(steps)] : [standing, sqlMigration(steps)]
  const moving = createMovingScratchSession(context, history)
  const facts = await rehearsed(context, history, history.length - 1, moving).finally(moving.discard)
  return { ...judgeRehearsal(facts), facts }
}
