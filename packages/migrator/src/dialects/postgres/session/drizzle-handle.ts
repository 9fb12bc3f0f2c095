import type { Client } from '../wire/driver-client.ts'
import type { Statements } from './unawaited.ts'
import { watchDatabase } from './watched-drizzle.ts'

/** A statement that a module is about to send. `ours` are the savepoints of nested transactions. */
export interface SentStatement {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly ours: boolean
  /** Its stack names the line that built the statement. */
  readonly site: Error | undefined
  query(): PromiseLike<unknown> & { cancel(): void }
}

export interface HandleOptions {
  /** Inside a transaction a nested `db.transaction()` is a savepoint, outside it is a transaction of its own. */
  readonly within: 'transaction' | 'no-transaction'
  readonly send: (statement: SentStatement) => Promise<unknown>
  readonly statements: Statements
}

type Scope = (inner: object) => Promise<unknown>

/**
 * The Drizzle database that a module's `up` and `down` receive: bound to the step's own connection and transaction.
 * Drizzle takes a postgres.js client; what it gets here is one whose every statement passes `send`.
 */
export async function drizzleHandle(client: Client, { within, send, statements }: HandleOptions): Promise<unknown> {
  const { drizzle } = await import('drizzle-orm/postgres-js')
  let depth = within === 'transaction' ? 1 : 0
  let savepoints = 0

  const bound = { options: client.options, parameters: client.parameters, unsafe, begin: nested, savepoint: nested }
  return watchDatabase(drizzle({ client: bound as unknown as Client }), statements)

  function unsafe(sql: string, parameters: unknown[] = [], options: object = {}): object {
    let shape: 'objects' | 'values' = 'objects'
    const run = () => {
      const query = () => {
        const sent = client.unsafe(sql, parameters as never[], { ...options, prepare: false })
        return shape === 'values' ? sent.values() : sent
      }
      const sending = () => send({ sql, parameters, ours: false, site: statements.site, query })
      return statements.use(lazy, () => statements.sending(sending))
    }
    const lazy = {
      values() {
        shape = 'values'
        return lazy
      },
      // biome-ignore lint/suspicious/noThenProperty: Drizzle awaits what postgres.js' unsafe() returns, which is a lazy thenable.
      then: (done: (value: unknown) => unknown, failed: (error: unknown) => unknown) => run().then(done, failed),
    }
    statements.built(lazy)
    return lazy
  }

  function nested(scope: Scope): Promise<unknown> {
    return statements.nested(() => nestedTransaction(scope))
  }

  async function nestedTransaction(scope: Scope): Promise<unknown> {
    const outermost = depth === 0
    const name = `migrator_${++savepoints}`
    await control(outermost ? 'BEGIN' : `SAVEPOINT ${name}`)
    depth++
    try {
      const result = await scope(bound)
      await control(outermost ? 'COMMIT' : `RELEASE SAVEPOINT ${name}`)
      return result
    } catch (error) {
      await control(outermost ? 'ROLLBACK' : `ROLLBACK TO SAVEPOINT ${name}`)
      throw error
    } finally {
      depth--
    }
  }

  async function control(sql: string): Promise<void> {
    await statements.controlling(() =>
      send({ sql, parameters: [], ours: true, site: undefined, query: () => client.unsafe(sql).simple() }),
    )
  }
}
