import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { Bench } from './bench.ts'

/** What the numbers depend on; no names and no paths of the machine. */
export function factsOf({ server, psql, rounds }: Bench): readonly string[] {
  const processors = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  const peers = ['drizzle-orm', 'node-pg-migrate', 'kysely', 'pg', 'dbmate', 'postgres', 'tsx']
  return [
    `Date: ${new Date().toISOString().slice(0, 10)}; medians of ${rounds} interleaved rounds`,
    `Machine: ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memory} GB, ${process.platform} ${process.arch}`,
    `Load before it began: ${(loadavg()[0] ?? 0).toFixed(1)} (average of a minute); what else runs makes ratios noisy`,
    `Node.js ${process.versions.node}; PostgreSQL ${server.version} with default settings (fsync on), on the same machine`,
    psql === undefined
      ? 'psql: not found, so there are no ratios to it'
      : `psql ${/\d+(?:\.\d+)*/.exec(execFileSync(psql, ['--version'], { encoding: 'utf8' }))?.[0] ?? ''}`,
    peers.map((name) => `${name} ${versionOf(name)}`).join(', '),
  ]
}

function versionOf(name: string): string {
  const { resolve } = createRequire(import.meta.url)
  for (let folder = dirname(resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    const { name: found, version } = manifestIn(folder)
    if (found === name && version !== undefined) return version
  }
  return 'of unknown version'
}

function manifestIn(folder: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch {
    // Not every folder between a package's entry and its root has one.
    return {}
  }
}
