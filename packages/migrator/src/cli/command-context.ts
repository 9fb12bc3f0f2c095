import type { PostgresAdapter } from '../dialects/postgres/adapter.ts'
import type { Context, MigrationSet } from '../engine/run/context.ts'
import type { EventSink } from '../ports/events.ts'
import type { Protection } from '../ports/protection.ts'
import type { Session } from '../ports/session.ts'
import type { LocatedConfig } from './config.ts'
import type { Environment } from './env.ts'
import type { Output } from './output.ts'

export interface CliEnvironment {
  readonly env: Environment
  readonly config: LocatedConfig
  readonly output: Output
  readonly signal: AbortSignal
  /** Told what is begun and what has ended, for whoever quits in between. */
  readonly underway: EventSink
}

/** What a command that reads no migration files works with. Whoever made it closes it. */
export interface DatabaseContext extends CliEnvironment {
  readonly context: Context
  readonly database: PostgresAdapter
  /** With its password: not for printing. */
  readonly connectionString: string
  readonly migrationsDirectory: string
  /** Asked for once, and only by what depends on it: without a session it takes a connection. */
  readonly protection: (on?: Session) => Promise<Protection>
  readonly runId: string
  close(): Promise<void>
}

/** What a command that reads migration files works with. */
export interface CommandContext extends DatabaseContext {
  readonly set: MigrationSet
}
