import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of the benchmark's own; everybody may pass through it, because the server may run as another user. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'migrator-bench-'))
  chmodSync(path, 0o755)
  return path
}

/** The content of a file that a child left, which is removed, so that no later child's absence is covered by it. */
export function readOnce(path: string): string {
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  return text
}
