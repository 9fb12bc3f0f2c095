// The only file of this package that reads the environment.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'

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

/**
 * Loads `.env` at the repository's root, if there is one. What the environment already says stays; an empty variable says
 * nothing, so the file's value counts.
 */
export function loadDotEnv(file = DOT_ENV, env = process.env): void {
  if (!existsSync(file)) return
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) {
    if (!env[name] && value !== undefined) env[name] = value
  }
}

const DOT_ENV = fileURLToPath(new URL('../../../.env', import.meta.url))
