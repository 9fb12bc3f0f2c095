import type { Action } from '../../../src/core/migration.ts'
import { MigratorError } from '../../../src/errors.ts'
import type { AtomicStep, OutsideStep, StatementWatch, StepRecord, StepSession } from '../../../src/ports/step.ts'
import { linesOf } from './script.ts'
import type { MemoryClient, MemoryServer } from './server.ts'

/** What a module's functions receive. */
export interface MemoryHandle {
  send(statement: string): Promise<void>
}

export class MemorySession implements StepSession {
  readonly enforcesLimits = true
  readonly #server: MemoryServer
  readonly #client: MemoryClient

  constructor(server: MemoryServer, client: MemoryClient) {
    this.#server = server
    this.#client = client
  }

  get isLost(): boolean {
    return this.#server.isLost(this, this.#client)
  }

  sendsWhole(): boolean {
    return false
  }

  atomic(): Promise<AtomicStep> {
    throw new Error('this database takes nothing back: it is never asked for an atomic step')
  }

  async outside(): Promise<OutsideStep> {
    await this.#server.answer(this, this.#client)
    return { perform: (action, watch = {}) => this.#perform(action, watch) }
  }

  async record({ store, changes, lock }: StepRecord): Promise<void> {
    await this.#server.answer(this, this.#client)
    if (!(await lock.isHeld(this))) throw new MigratorError('LOCK_LOST', 'The run lock is not held any more.')
    await store.record(this, ...changes)
  }

  async cancel(): Promise<void> {
    this.#server.cancel(this)
  }

  async close(): Promise<void> {
    this.#server.close(this)
  }

  async #perform(action: Action, watch: StatementWatch): Promise<void> {
    const send = async (statement: string) => {
      if ((await watch.beforeStatement?.(statement)) === 'skip') return
      await this.#server.execute(this, this.#client, statement)
      await watch.afterStatement?.(statement)
    }
    if (action.kind === 'sql') {
      for (const { text } of linesOf(action.sql)) await send(text)
      return
    }
    const handle: MemoryHandle = { send }
    await action.run(handle as never, { progress: (done, total) => watch.progress?.(done, total) })
  }
}
