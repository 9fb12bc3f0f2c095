import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CatalogDigest, HistoryChange, HistoryEntry } from '../../core/history.ts'
import { afterChange, entryOfKept, type KeptEntry } from '../../core/kept-history.ts'
import type { SourceFile } from '../../core/migration.ts'
import { checkOptions, refusal, text } from '../../core/options.ts'
import { MigratorError } from '../../errors.ts'
import type { HistoryStore } from '../../ports/history-store.ts'
import type { Session } from '../../ports/session.ts'

/**
 * The history as a JSON file, for experiments. The file is replaced atomically (written to a temporary file, synced,
 * renamed), so a reader never sees half of it. But it is written after the step's commit, so a kill in between leaves a
 * step applied but not recorded. In production, keep the history in a table.
 */
export class FileStateStore implements HistoryStore {
  readonly commitsWithStep = false
  readonly #path: string

  constructor(options: { readonly filePath: string }) {
    checkOptions('FileStateStore', options, { filePath: text })
    if (options.filePath === undefined) throw refusal('FileStateStore', 'filePath is missing.', 'filePath')
    this.#path = options.filePath
  }

  async read(_on?: Session): Promise<readonly HistoryEntry[]> {
    return (await this.#load()).map(entryOfKept)
  }

  async prepare(_on?: Session): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
  }

  async record(_on: Session, ...changes: readonly HistoryChange[]): Promise<void> {
    const now = new Date().toISOString()
    await this.#save(changes.reduce((kept, change) => afterChange(kept, change, now), await this.#load()))
  }

  async sources(_on: Session, id: string): Promise<readonly SourceFile[]> {
    return (await this.#load()).find((kept) => kept.id === id)?.sources ?? []
  }

  async catalogBefore(_on: Session, id: string): Promise<CatalogDigest | undefined> {
    return (await this.#load()).find((kept) => kept.id === id)?.catalogBefore
  }

  async #load(): Promise<readonly KeptEntry[]> {
    if (!existsSync(this.#path)) return []
    try {
      return readDocument(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch (cause) {
      throw new MigratorError(
        'STATE_FILE_INVALID',
        `The state file ${this.#path} can't be read: ${(cause as Error).message}.`,
        { cause },
      )
    }
  }

  async #save(migrations: readonly KeptEntry[]): Promise<void> {
    await this.prepare()
    const aside = `${this.#path}.${process.pid}.new`
    const file = await open(aside, 'w')
    await file.writeFile(`${JSON.stringify({ schemaVersion: 1, migrations }, null, 2)}\n`)
    await file.sync()
    await file.close()
    await rename(aside, this.#path)
  }
}

function readDocument(
  document: { schemaVersion?: unknown; migrations?: readonly KeptEntry[] } | null,
): readonly KeptEntry[] {
  if (!Array.isArray(document?.migrations)) throw new Error('it has no "migrations" list')
  if (document.schemaVersion !== undefined && document.schemaVersion !== 1)
    throw new Error('it was written by a later version of this tool')
  const whole = document.migrations.every(
    (kept: Partial<KeptEntry> | null) => typeof kept?.id === 'string' && typeof kept.checksum === 'string',
  )
  if (!whole) throw new Error('one of its entries has no id or no checksum')
  return document.migrations
}
