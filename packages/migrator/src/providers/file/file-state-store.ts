import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CatalogDigest, HistoryChange, HistoryEntry, NewEntry } from '../../core/history.ts'
import type { SourceFile } from '../../core/migration.ts'
import { checkOptions, refusal, text } from '../../core/options.ts'
import { MigratorError } from '../../errors.ts'
import type { HistoryStore } from '../../ports/history-store.ts'
import type { Session } from '../../ports/session.ts'

interface Kept extends HistoryEntry {
  readonly sources: readonly SourceFile[]
  readonly catalogBefore?: CatalogDigest | undefined
}

/**
 * The history as a JSON file, for trying things out. It is replaced as a whole (written aside, synced, renamed), so a
 * reader never sees half of it; but it is written after the step's commit, so a kill in between leaves a step applied
 * and not recorded. Production keeps its history in a table.
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
    return (await this.#load()).map(({ sources, catalogBefore: _, ...entry }) => ({
      ...entry,
      archived: sources.length > 0,
    }))
  }

  async prepare(_on?: Session): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
  }

  async record(_on: Session, ...changes: readonly HistoryChange[]): Promise<void> {
    await this.#save(changes.reduce(apply, await this.#load()))
  }

  async sources(_on: Session, id: string): Promise<readonly SourceFile[]> {
    return (await this.#load()).find((kept) => kept.id === id)?.sources ?? []
  }

  async catalogBefore(_on: Session, id: string): Promise<CatalogDigest | undefined> {
    return (await this.#load()).find((kept) => kept.id === id)?.catalogBefore
  }

  async #load(): Promise<readonly Kept[]> {
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

  async #save(migrations: readonly Kept[]): Promise<void> {
    await this.prepare()
    const aside = `${this.#path}.${process.pid}.new`
    const file = await open(aside, 'w')
    await file.writeFile(`${JSON.stringify({ schemaVersion: 1, migrations }, null, 2)}\n`)
    await file.sync()
    await file.close()
    await rename(aside, this.#path)
  }
}

function readDocument(document: { schemaVersion?: unknown; migrations?: readonly Kept[] } | null): readonly Kept[] {
  if (!Array.isArray(document?.migrations)) throw new Error('it has no list "migrations"')
  if (document.schemaVersion !== undefined && document.schemaVersion !== 1)
    throw new Error('a later version of this tool wrote it')
  const whole = document.migrations.every(
    (kept: Partial<Kept> | null) => typeof kept?.id === 'string' && typeof kept.checksum === 'string',
  )
  if (!whole) throw new Error('an entry of it has no id or no checksum')
  return document.migrations
}

function apply(migrations: readonly Kept[], change: HistoryChange): readonly Kept[] {
  const edit = (id: string, edited: (kept: Kept) => Kept) =>
    migrations.map((kept) => (kept.id === id ? edited(kept) : kept))
  switch (change.kind) {
    case 'applied':
      return [
        ...migrations,
        { ...fresh(migrations, change.entry, false), ...(change.at === undefined ? {} : { appliedAt: change.at }) },
      ]
    case 'began': {
      const dirty = { dirty: true, progress: change.progress, catalogBefore: change.before }
      const known = migrations.some(({ id }) => id === change.entry.id)
      return known
        ? edit(change.entry.id, (kept) => ({ ...kept, ...dirty }))
        : [...migrations, { ...fresh(migrations, change.entry, true), ...dirty }]
    }
    case 'progressed':
      return edit(change.id, (kept) => ({ ...kept, progress: change.progress }))
    case 'settled':
      return edit(change.id, ({ progress: _, catalogBefore: __, ...kept }) => ({
        ...kept,
        dirty: false,
        ...(change.durationMs === undefined
          ? {}
          : { durationMs: change.durationMs, appliedAt: new Date().toISOString() }),
      }))
    case 'reverted':
      return migrations.filter(({ id }) => id !== change.id)
    case 'accepted':
      return edit(change.entry.id, (kept) => {
        const { checksum, downChecksum, importsChecksum, sources } = change.entry
        const { description, format, transactional, irreversible } = change.entry
        return {
          ...{ ...kept, checksum, downChecksum, importsChecksum, sources },
          ...{ description, format, transactional, irreversible, archived: sources.length > 0 },
        }
      })
    case 'fingerprinted':
      return edit(change.id, (kept) => ({ ...kept, schemaFingerprint: change.fingerprint }))
  }
}

function fresh(migrations: readonly Kept[], entry: NewEntry, dirty: boolean): Kept {
  const sequence = Math.max(0, ...migrations.map((kept) => kept.sequence)) + 1
  return { ...entry, appliedAt: new Date().toISOString(), sequence, dirty, archived: entry.sources.length > 0 }
}
