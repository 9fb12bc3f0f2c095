// The only file of this package that reads the environment.
import { fileURLToPath } from 'node:url'
import { loadDotEnv as loadNearest } from '@repo/migrator/config'

export interface Env {
  /** Undefined where nothing is set: the db:* commands then use the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  readonly nodeEnv: string
}

/**
 * Reads DATABASE_URL and NODE_ENV, after loading the nearest `.env`, if there is one.
 * What the environment already says wins over the file. An empty variable counts as unset.
 */
export function readEnv(): Env {
  loadDotEnv()
  return {
    databaseUrl: process.env.DATABASE_URL || undefined,
    nodeEnv: process.env.NODE_ENV || 'development',
  }
}

/**
 * Loads the nearest `.env` up to the repository's root, as the db:* commands do. What the environment already says stays; an
 * empty variable says nothing, so the file's value counts.
 */
export function loadDotEnv(): void {
  loadNearest(fileURLToPath(new URL('..', import.meta.url)), process.env)
}
