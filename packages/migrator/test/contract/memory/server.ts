import { MigratorError } from '../../../src/errors.ts'
import type { ProtectionMark } from '../../../src/ports/protection.ts'
import { readStatement } from './script.ts'

/** A client as the server knows it. Its sessions go with it, and so does its lock. */
export interface MemoryClient {
  readonly pid: number
  readonly applicationName: string
  /** A process that was killed connects no more. */
  dead: boolean
}

interface Holder {
  readonly token: object
  readonly client: MemoryClient
  readonly since: string
  readonly lose: () => void
}

interface Pause {
  readonly session: object
  readonly client: MemoryClient
  readonly end: (error?: MigratorError) => void
}

/** A database without transactions: each statement is done when it is answered. It outlives its clients. */
export class MemoryServer {
  /** Objects by name with their number of rows, and the history under a name of its own. */
  readonly stored = new Map<string, unknown>()
  holder: Holder | undefined
  mark: ProtectionMark | undefined
  readonly #lost = new WeakSet<object>()
  readonly #pauses = new Set<Pause>()
  #held = false
  #pids = 0

  join(applicationName: string): MemoryClient {
    this.#pids++
    return { pid: this.#pids, applicationName: `${applicationName}-${this.#pids}`, dead: false }
  }

  /** The client is gone, between whatever two statements it was. */
  kill(client: MemoryClient): void {
    client.dead = true
    for (const pause of this.#pauses) if (pause.client === client) pause.end(gone())
    if (this.holder?.client !== client) return
    this.holder.lose()
    this.holder = undefined
  }

  close(session: object): void {
    this.#lost.add(session)
  }

  isLost(session: object, { dead }: MemoryClient): boolean {
    return dead || this.#lost.has(session)
  }

  /** `pause` waits from now on, until the answer is called. */
  hold(): () => void {
    this.#held = true
    return () => {
      this.#held = false
      for (const { end } of this.#pauses) end()
    }
  }

  get pausing(): number {
    return this.#pauses.size
  }

  cancel(session: object): void {
    const cancelled = new MigratorError('STATEMENT_TIMEOUT', 'cancelled on request', { details: { kind: 'cancelled' } })
    for (const pause of this.#pauses) if (pause.session === session) pause.end(cancelled)
  }

  async execute(session: object, client: MemoryClient, text: string): Promise<void> {
    await this.answer(session, client)
    const { word, name, code } = readStatement(text) ?? { word: '', name: '' }
    if (code !== undefined) return this.execute(session, client, code)
    const there = this.stored.has(name)
    if (word === 'create' && there) throw refused(text, `${name} is there already`)
    if (word !== 'create' && name !== '' && !there) throw refused(text, `there is no ${name}`)
    if (word === 'create') this.stored.set(name, 0)
    else if (word === 'drop') this.stored.delete(name)
    else if (word === 'fill') this.stored.set(name, Number(this.stored.get(name)) + 1)
    else if (word === 'empty') this.stored.set(name, 0)
    else if (word === 'pause') await this.#pause(session, client)
    else throw refused(text, word === 'fail' ? 'it has to fail' : 'no statement')
  }

  /** A round trip. */
  async answer(session: object, client: MemoryClient): Promise<void> {
    await new Promise(setImmediate)
    if (this.isLost(session, client)) throw gone()
  }

  async #pause(session: object, client: MemoryClient): Promise<void> {
    if (!this.#held) return
    await new Promise<void>((resolve, reject) => {
      const pause = { session, client, end }
      this.#pauses.add(pause)
      const pauses = this.#pauses
      function end(error?: MigratorError): void {
        pauses.delete(pause)
        if (error) reject(error)
        else resolve()
      }
    })
  }
}

function gone(): MigratorError {
  return new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.', { details: { kind: 'lost' } })
}

function refused(statement: string, why: string): MigratorError {
  return new MigratorError('MIGRATION_FAILED', `${statement}: ${why}`, {
    details: { kind: 'statement-refused', statement },
  })
}
