import { join } from 'node:path'
import type { Text } from './corpus.ts'
import type { Format } from './formats.ts'
import type { Server } from './server.ts'

/** What every section is given. */
export interface Bench {
  readonly server: Server
  /** A folder of the benchmark's own, removed at its end. */
  readonly scratch: string
  readonly rounds: number
  readonly size: 'quick' | 'full'
  readonly psql: string | undefined
  /** The engine's program as plain JavaScript; `sourceBin` is the same from its sources. */
  readonly builtBin: string
  onProgress(message: string): void
}

/** Writes migrations below the scratch folder and returns where they are. */
export function prepared({ scratch }: Bench, name: string, format: Format, texts: readonly Text[]): string {
  const folder = join(scratch, name)
  format(folder, texts)
  return folder
}
