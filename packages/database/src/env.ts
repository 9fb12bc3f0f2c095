// The only file of this package that reads the environment.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Env {
  /** Undefined where nothing is set: the db:* commands then use the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  readonly nodeEnv: string
}

/**
 * Reads DATABASE_URL and NODE_ENV, after loading `.env` at the repository's root if there is one.
 * What the environment already says wins over the file. An empty variable counts as unset.
 */
export function readEnv(): Env {
  loadDotEnv()
  return {
    databaseUrl: process.env.DATABASE_URL || undefined,
    nodeEnv: process.env.NODE_ENV || 'development',
  }
}

/** Loads `.env` at the repository's root, if there is one; what the environment already says stays. */
export function loadDotEnv(): void {
  const file = fileURLToPath(new URL('../../../.env', import.meta.url))
  if (existsSync(file)) process.loadEnvFile(file)
}
