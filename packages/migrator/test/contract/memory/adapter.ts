import { createHash } from 'node:crypto'
import type { CatalogSnapshot } from '../../../src/core/catalog.ts'
import { MigratorError } from '../../../src/errors.ts'
import type { Catalog } from '../../../src/ports/catalog.ts'
import type { Capabilities, Database } from '../../../src/ports/database.ts'
import type { ProtectionMarks } from '../../../src/ports/protection.ts'
import type { LockHolder, RunLock } from '../../../src/ports/run-lock.ts'
import type { Session } from '../../../src/ports/session.ts'
import type { StepSession } from '../../../src/ports/step.ts'
import { createHistory, HISTORY } from './history.ts'
import { memoryScript } from './script.ts'
import type { MemoryServer } from './server.ts'
import { MemorySession } from './session.ts'

const DATABASE = 'memory'

/** A dialect that cannot undo anything, and offers no optional port. */
export class MemoryAdapter implements Database {
  readonly location = { host: 'localhost', port: 0, database: DATABASE, user: 'tester', local: true }
  readonly capabilities: Capabilities = { atomic: 'none', oneTransactionForAll: false, rehearsal: false }
  readonly script = memoryScript
  readonly historyStore
  readonly catalog: Catalog
  readonly protectionMarks: ProtectionMarks
  readonly client
  readonly #server: MemoryServer
  readonly #sessions = new Set<MemorySession>()

  constructor(server: MemoryServer) {
    this.#server = server
    this.client = server.join('memory')
    this.historyStore = createHistory(server)
    this.catalog = createCatalog(server)
    this.protectionMarks = createMarks(server)
  }

  get applicationName(): string {
    return this.client.applicationName
  }

  async connect(): Promise<StepSession> {
    if (this.client.dead) throw new MigratorError('CONNECTION_FAILED', 'The client is gone.')
    const session = new MemorySession(this.#server, this.client)
    this.#sessions.add(session)
    return session
  }

  replace(): Promise<StepSession> {
    return this.connect()
  }

  async tryRunLock(): Promise<RunLock | undefined> {
    const server = this.#server
    if (server.holder) return undefined
    const token = {}
    const lost = new Promise<void>((lose) => {
      server.holder = { token, client: this.client, since: new Date().toISOString(), lose }
    })
    const isHeld = async () => server.holder?.token === token
    const release = async () => {
      if (server.holder?.token === token) server.holder = undefined
    }
    return { isHeld, lost, release }
  }

  async runLockHolder(): Promise<LockHolder | undefined> {
    const { holder } = this.#server
    return holder && { pid: holder.client.pid, applicationName: holder.client.applicationName, since: holder.since }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()))
  }
}

function createCatalog({ stored }: MemoryServer): Catalog {
  const snapshot = async ({ isLost }: Session): Promise<CatalogSnapshot> => {
    if (isLost) throw new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.')
    const names = [...stored.keys()].filter((name) => name !== HISTORY).sort()
    return Object.fromEntries(names.map((name) => [`object main.${name}`, {}]))
  }
  const fingerprintOf = async (found: CatalogSnapshot) =>
    createHash('sha256').update(JSON.stringify(found)).digest('hex')
  return {
    snapshot,
    fingerprintOf,
    digest: async (on) => Object.fromEntries(Object.keys(await snapshot(on)).map((object) => [object, 'there'])),
    fingerprint: async (on) => fingerprintOf(await snapshot(on)),
    holdsData: async (_, { name }) => Number(stored.get(name) ?? 0) > 0,
  }
}

function createMarks(server: MemoryServer): ProtectionMarks {
  return {
    read: async () => ({ database: DATABASE, mark: server.mark }),
    async set(_, mark) {
      server.mark = { ...mark, database: DATABASE }
    },
    async remove() {
      server.mark = undefined
    },
  }
}
