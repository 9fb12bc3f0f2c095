import { setImmediate } from 'node:timers/promises'
import { MigratorError } from '../../../errors.ts'
import { frameIn } from '../failure/failure.ts'

/** A call into Drizzle that makes a statement; its stack names the line. */
type Site = Error

/**
 * The statements of one module's `up`, `down` or guard. Drizzle sends a statement only when it is awaited, so one that is
 * not never runs; and one in a promise that nobody awaits may still be on its way when the module has returned.
 */
export class Statements {
  readonly #file: string
  readonly #built = new Map<object, Site>()
  readonly #running = new Map<Promise<unknown>, Site | undefined>()
  readonly #open = new Set<Site>()
  #site: Site | undefined
  #state: 'running' | 'ending' | 'ended' = 'running'

  constructor(file: string) {
    this.#file = file
  }

  /** A statement was built; it counts as used once it is sent, or becomes part of another one. */
  built(statement: object): void {
    this.#refuseLate()
    this.#built.set(statement, this.#site ?? new Error('built here'))
  }

  /** Calls what sends a statement, or makes it a part of another. */
  use<T>(statement: object, call: () => T): T {
    const before = this.#site
    this.#site = this.#built.get(statement) ?? before
    this.#built.delete(statement)
    try {
      return call()
    } finally {
      this.#site = before
    }
  }

  /** Where the statement that is being sent was built. */
  get site(): Site | undefined {
    return this.#site
  }

  /** Sends a statement of the module's, unless the module has returned. */
  async sending<T>(send: () => Promise<T>): Promise<T> {
    this.#refuseLate()
    return this.#track(send())
  }

  /** Sends what begins or ends a nested transaction: while the module ends, one that is open may still be ended. */
  async controlling<T>(send: () => Promise<T>): Promise<T> {
    if (this.#state === 'ended') throw this.#late()
    return this.#track(send())
  }

  /** A nested transaction: open until `work` is over. */
  async nested<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseLate()
    const site = new Error('begun here')
    this.#open.add(site)
    try {
      return await work()
    } finally {
      this.#open.delete(site)
    }
  }

  /**
   * The module has returned or thrown: refuses what still comes, and waits for what is on its way. Resolves with the failure
   * of a module that forgot an `await`.
   */
  async end(): Promise<MigratorError | undefined> {
    this.#state = 'ending'
    const running = [...this.#open, ...this.#running.values()]
    const built = [...this.#built.values()]
    while (this.#running.size > 0) {
      await Promise.allSettled(this.#running.keys())
      // What waits for these answers has its turn: the end of a nested transaction.
      await setImmediate()
    }
    this.#state = 'ended'
    if (built.length > 0) return this.#forgotten('was not awaited, so it never ran', built)
    if (running.length > 0)
      return this.#forgotten('was not awaited: it was still running at the end of the migration', running)
    return undefined
  }

  async #track<T>(sent: Promise<T>): Promise<T> {
    const site = this.#site
    this.#running.set(sent, site)
    try {
      return await sent
    } catch (error) {
      // The statement is sent in a later turn than the one in which it is built, so its own stack does not name the line.
      if (error instanceof Error && site) addFrames(error, site)
      throw error
    } finally {
      this.#running.delete(sent)
    }
  }

  #refuseLate(): void {
    if (this.#state !== 'running') throw this.#late()
  }

  #late(): MigratorError {
    const message = `${this.#file}: a statement was sent after the end of the migration and was refused.`
    return new MigratorError('NOT_AWAITED', message, { details: { file: this.#file } })
  }

  #forgotten(what: string, sites: readonly (Site | undefined)[]): MigratorError {
    const places = sites.map((site) => frameIn(site, this.#file) ?? this.#file)
    const more = places.length > 1 ? ` (${places.length} statements in all)` : ''
    const message = `${places[0]}: a statement ${what}${more}.`
    return new MigratorError('NOT_AWAITED', message, { details: { file: this.#file, places } })
  }
}

/** The driver makes the stack of its errors read-only, which Node 22 and later enforce. */
function addFrames(error: Error, site: Site): void {
  Reflect.defineProperty(error, 'stack', { value: [error.stack, ...framesOf(site)].join('\n') })
}

function framesOf(site: Site): readonly string[] {
  return site.stack?.split('\n').slice(1) ?? []
}
