import type { Action, MigrationContext } from '../../../core/migration.ts'
import { MigratorError } from '../../../errors.ts'
import type { RunLock } from '../../../ports/run-lock.ts'
import type { AtomicStep, OutsideStep, StatementWatch, StepLimits, StepRecord } from '../../../ports/step.ts'
import { type Origin, statementFailure } from '../failure/failure.ts'
import { serverErrorIn } from '../failure/server-error.ts'
import type { PostgresRunLock } from '../history/run-lock.ts'
import { findForbidden, mayBeForbidden } from '../script/forbidden.ts'
import { literal } from '../script/literal.ts'
import { loadParser, type Statement, visitStatements } from '../script/statements.ts'
import type { OpenConnection } from '../wire/open-connection.ts'
import { PostgresAtomicStep, recordAwaiting, recording } from './atomic-step.ts'
import { ANY_DEFERRABLE, CHECK_DEFERRED, FIRE_DEFERRED, mayDefer } from './deferred.ts'
import { drizzleHandle, type SentStatement } from './drizzle-handle.ts'
import { Leftovers } from './leftovers.ts'
import { PostgresOutsideStep } from './outside-step.ts'
import { pins, WITHOUT_LIMITS_ALONE } from './pins.ts'
import { forbidden, guardFailure } from './refusals.ts'
import { explainForeignLimit, refuseSessionState } from './shared-session.ts'
import type { LeftTransaction, Row, SqlSession, Within } from './sql-session.ts'
import { Statements } from './unawaited.ts'
import { unlessAborted } from './unless-aborted.ts'

type Watch = StatementWatch & { readonly within: Within }

/** A session over one postgres.js connection. Every text goes as a simple query, so un-awaited calls are pipelined. */
export class PostgresSession implements SqlSession {
  readonly #connection: OpenConnection
  #transaction = ''
  /** The limits that are set for the session, as they were sent. */
  #settled = ''
  #gathering: { readonly texts: string[]; readonly answer: Promise<unknown> } | undefined
  #firstFailure: unknown
  readonly #leftovers = new Leftovers()

  constructor(connection: OpenConnection) {
    this.#connection = connection
  }

  get connection(): OpenConnection {
    return this.#connection
  }

  get serverPid(): number {
    return this.#connection.backend.pid
  }

  get pooled(): boolean {
    return this.#connection.backend.pooled
  }

  get isLost(): boolean {
    return this.#connection.isLost
  }

  get firstFailure(): unknown {
    return this.#firstFailure
  }

  get enforcesLimits(): boolean {
    return !this.pooled
  }

  async atomic(limits: StepLimits, actions: readonly Action[]): Promise<AtomicStep> {
    const begun = this.begin(limits)
    // It is looked at with what is sent behind it.
    begun.catch(() => undefined)
    const deferrable = actions.length < 2 || actions.some(mayDefer) || (await this.#isTrue(ANY_DEFERRABLE))
    return new PostgresAtomicStep(this, { limits, deferrable, begun })
  }

  async outside(limits: StepLimits): Promise<OutsideStep> {
    await this.settle(limits)
    return new PostgresOutsideStep(this, limits)
  }

  async record(record: StepRecord): Promise<void> {
    const { store, changes, lock } = record
    if (!store.commitsWithStep) return store.record(this, ...changes)
    if (!store.recordsAtOnce?.()) return this.#recordAwaiting(record)
    await this.together(() => [...recording(this, record), this.guard(lock)])
  }

  async #recordAwaiting(record: StepRecord): Promise<void> {
    try {
      await this.execute('BEGIN')
      await recordAwaiting(this, record)
      await this.guard(record.lock)
      await this.commit()
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  sendsWhole(action: Action): boolean {
    return action.kind === 'sql' && !mayBeForbidden(action.sql)
  }

  async begin(limits: StepLimits): Promise<void> {
    this.#transaction = ''
    this.#firstFailure = undefined
    if (this.pooled) return this.#beginPooled(limits)
    const set = this.#limits(limits, 'SET')
    if (this.#settled === set) return this.execute('BEGIN')
    this.#settled = set
    await Promise.all([this.execute(set), this.execute('BEGIN')])
  }

  /** Only within a transaction is it known which of the pooler's connections this session is on. */
  async #beginPooled(limits: StepLimits): Promise<void> {
    const sql = `BEGIN; ${this.#limits(limits, 'SET LOCAL')}; SELECT pg_catalog.pg_backend_pid() AS pid`
    const answers = (await this.#send(sql, { sql })) as readonly (readonly Row[])[]
    this.#connection.transactionPid = Number(answers.at(-1)?.[0]?.pid)
  }

  async freshen(limits: StepLimits, next: 'step' | 'commit'): Promise<void> {
    if (!this.#leftovers.any) return
    const fire = next === 'commit' ? 'SET CONSTRAINTS ALL IMMEDIATE; ' : ''
    const removal = this.#leftovers.removal(this.pooled, this.#connection.applicationName)
    const set = this.#limits(limits, this.pooled ? 'SET LOCAL' : 'SET')
    this.#leftovers.clear()
    // After a COMMIT they hold for the session, after a ROLLBACK those do that `begin` had set.
    if (this.#settled !== set) this.#settled = ''
    await this.execute(`${fire}${removal}; ${set}`)
  }

  async settle(limits: StepLimits): Promise<LeftTransaction> {
    const left = await this.#leftTransaction()
    if (left !== 'none') await this.abort()
    this.#leftovers.clear()
    this.#settled = ''
    // Behind a pooler in transaction mode a SET would reach other clients, and not be there for the next statement.
    if (this.pooled) return left
    const set = this.#limits(limits, 'SET')
    if (left !== 'none') await this.execute('DISCARD ALL')
    await this.execute(set)
    this.#settled = set
    return left
  }

  /** The conditions raise inside the transaction (2201F, 2201E), so a COMMIT that is sent behind them cannot succeed. */
  async guard(lock: RunLock | undefined): Promise<void> {
    const held = lock && `pg_catalog.sqrt(CASE WHEN ${(lock as PostgresRunLock).heldCondition} THEN 1 ELSE -1 END)`
    const own =
      this.#transaction !== '' &&
      `pg_catalog.ln(CASE WHEN pg_catalog.pg_current_xact_id_if_assigned()::text = ${literal(this.#transaction)} THEN 1 ELSE -1 END)`
    const conditions = [own, held].filter(Boolean)
    if (conditions.length === 0) return
    try {
      await this.execute(`SELECT ${conditions.join(', ')}`)
    } catch (error) {
      throw guardFailure(error)
    }
  }

  async together(work: () => readonly Promise<void>[]): Promise<void> {
    const texts: string[] = []
    let send = (_: Promise<unknown>) => {}
    const answer = new Promise<unknown>((resolve) => {
      send = resolve
    })
    this.#gathering = { texts, answer }
    const parts = work()
    this.#gathering = undefined
    if (texts.length === 0) return
    // Not joined, for the sake of long ones: joining copies them.
    send(
      this.#send(
        texts.reduce((all, text) => `${all};\n${text}`),
        {},
      ),
    )
    const results = await Promise.allSettled(parts)
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    // One answer for all of them: the one whose statement failed knows what that means.
    if (failures.length > 0) throw failures.find(isExplained) ?? failures[0]
  }

  async checkConstraints(): Promise<void> {
    await this.execute(`${FIRE_DEFERRED}; ${CHECK_DEFERRED}`)
  }

  async commit(): Promise<void> {
    const result = await this.#send('COMMIT', {})
    this.#leaveTransaction()
    const last = Array.isArray(result) && !('command' in result) ? result.at(-1) : result
    if ((last as { command?: string }).command !== 'COMMIT') {
      throw new MigratorError('SWALLOWED_ERROR', 'The server answered COMMIT with ROLLBACK: an error was swallowed.', {
        cause: this.#firstFailure,
      })
    }
  }

  async abort(): Promise<void> {
    // A lost connection has rolled back already, and an abort must not hide the error that it follows.
    const left = this.#leftovers.removalAfterAbort(this.pooled)
    await this.execute(`ROLLBACK${left}`).catch(() => undefined)
    this.#leftovers.clear()
    this.#leaveTransaction()
  }

  #leaveTransaction(): void {
    this.#transaction = ''
    this.#connection.transactionPid = undefined
  }

  async execute(sql: string): Promise<void> {
    await this.#send(sql, { sql })
  }

  async query(sql: string): Promise<readonly Row[]> {
    const [rows = []] = await this.#ask([sql])
    return rows
  }

  async #isTrue(condition: string): Promise<boolean> {
    const [row] = await this.query(`SELECT (${condition})::text AS found`)
    return row?.found === 'true'
  }

  async queryAll(queries: readonly string[]): Promise<readonly (readonly Row[])[]> {
    return this.#ask(queries)
  }

  async #ask(queries: readonly string[]): Promise<readonly (readonly Row[])[]> {
    const sent = this.pooled ? [WITHOUT_LIMITS_ALONE, ...queries] : queries
    const sql = sent.join(';\n')
    const results = await this.#send(sql, { sql })
    const each = (sent.length === 1 ? [results] : results) as readonly (readonly Row[])[]
    return each.slice(sent.length - queries.length)
  }

  async perform(action: Action, watch: Watch): Promise<void> {
    if (watch.within === 'no-transaction') this.#firstFailure = undefined
    if (this.#isShared(watch)) return this.#perform(action, watch).catch(explainForeignLimit)
    return this.#perform(action, watch)
  }

  async #perform(action: Action, watch: Watch): Promise<void> {
    if (action.kind === 'module') return this.#performModule(action, watch)
    this.#leftovers.note(action.sql)
    if (watch.within === 'transaction' && !watch.beforeStatement) return this.#performScript(action, watch)
    return this.#performStatements(action, watch)
  }

  cancel(): Promise<void> {
    return this.#connection.cancel()
  }

  close(): Promise<void> {
    return this.#connection.end()
  }

  async #performScript({ sql, file }: Action & { kind: 'sql' }, watch: Watch): Promise<void> {
    if (mayBeForbidden(sql)) {
      await this.#refuseForbidden(sql, 'transaction', file)
      await this.#rememberTransaction()
    }
    watch.beforeScript?.()
    await this.#send(sql, { sql, file })
  }

  /** What may end the transaction in a way that cannot be determined beforehand is seen by its id afterwards. */
  async #rememberTransaction(): Promise<void> {
    const [row] = await this.query('SELECT pg_catalog.pg_current_xact_id()::text AS id')
    this.#transaction = row?.id ?? ''
  }

  async #performStatements({ sql, file }: Action & { kind: 'sql' }, watch: Watch): Promise<void> {
    await this.#refuseForbidden(sql, watch.within, file)
    if (this.#isShared(watch)) refuseSessionState(sql, file)
    const statements: Pick<Statement, 'sql' | 'at'>[] = []
    const broken = await visitStatements(sql, (statement) => statements.push({ sql: statement.sql, at: statement.at }))
    if (broken) {
      const message = `${file}:${broken.at.line}:${broken.at.column}: ${broken.message}`
      throw new MigratorError('MIGRATION_FAILED', message, { details: { file, ...broken.at } })
    }
    for (const [at, statement] of statements.entries()) {
      watch.statementBegins?.({ index: at + 1, count: statements.length })
      if ((await watch.beforeStatement?.(statement.sql)) === 'skip') continue
      await this.#send(statement.sql, { sql: statement.sql, file, startsAt: statement.at })
      await watch.afterStatement?.(statement.sql)
    }
  }

  async #performModule(action: Action & { kind: 'module' }, watch: Watch): Promise<void> {
    this.#leftovers.noteModule()
    await loadParser()
    if (watch.within === 'transaction') await this.#rememberTransaction()
    const statements = new Statements(action.file)
    const handle = await drizzleHandle(this.#connection.client, {
      within: watch.within,
      send: (statement) => this.#sendOfModule(statement, action.file, watch),
      statements,
    })
    const failure = await this.#failureOf(action, handle, { progress: watch.progress ?? (() => {}) }, watch.signal)
    const forgotten = await statements.end()
    if (failure ?? forgotten) throw failure ?? forgotten
  }

  async #failureOf(
    action: Action & { kind: 'module' },
    handle: unknown,
    context: MigrationContext,
    signal: AbortSignal | undefined,
  ): Promise<MigratorError | undefined> {
    try {
      await unlessAborted(signal, async () => action.run(handle as never, context))
      return undefined
    } catch (error) {
      return statementFailure(error, { file: action.file })
    }
  }

  async #sendOfModule(statement: SentStatement, file: string, watch: Watch): Promise<unknown> {
    if (this.#isShared(watch)) refuseSessionState(statement.sql, file, statement.site)
    if (!statement.ours) await this.#refuseForbidden(statement.sql, watch.within, file, statement.site)
    if (!statement.ours && (await watch.beforeStatement?.(statement.sql, statement.parameters)) === 'skip') return []
    this.#leftovers.note(statement.sql)
    this.#refuseWhenLost()
    try {
      const result = await this.#connection.track(statement.query())
      if (!statement.ours) await watch.afterStatement?.(statement.sql)
      return result
    } catch (error) {
      this.#firstFailure ??= error
      throw error
    }
  }

  /** DISCARD ALL removes everything outside a transaction, and is refused (25001, 25P02) inside one. */
  async #leftTransaction(): Promise<LeftTransaction> {
    this.#refuseWhenLost()
    try {
      const [row] = await this.#answerTo(this.pooled ? BEGAN_BEFORE : 'DISCARD ALL')
      return row?.began_before === 'true' ? 'open' : 'none'
    } catch (error) {
      const state = serverErrorIn(error)?.code
      if (state === '25001') return 'open'
      if (state === '25P02') return 'aborted'
      throw statementFailure(error, {})
    }
  }

  #answerTo(sql: string): Promise<readonly Row[]> {
    return this.#connection.track(this.#connection.client.unsafe(sql).simple())
  }

  #isShared({ within }: Watch): boolean {
    return this.pooled && within === 'no-transaction'
  }

  async #refuseForbidden(sql: string, within: Within, file: string, site?: Error): Promise<void> {
    const found = findForbidden(sql, within)
    // A place in a module's text is not a place in its file.
    if (found) throw forbidden(site ? { ...found, at: undefined } : found, file, site)
  }

  async #send(sql: string, origin: Origin): Promise<unknown> {
    if (this.#gathering) {
      this.#gathering.texts.push(sql)
      return this.#gathering.answer
    }
    this.#refuseWhenLost()
    try {
      return await this.#answerTo(sql)
    } catch (error) {
      if (serverErrorIn(error)?.code !== '25P02') this.#firstFailure ??= error
      throw statementFailure(error, origin)
    }
  }

  /** postgres.js would open another connection on its own, outside of our transaction. */
  #refuseWhenLost(): void {
    if (this.isLost) throw new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.')
  }

  /** client_connection_check_interval lets the server end a long statement on its own when this process is gone. */
  #limits({ lockTimeoutMs, statementTimeoutMs }: StepLimits, set: 'SET' | 'SET LOCAL'): string {
    const { backend } = this.#connection
    const watchful = backend.checksConnection ? `; ${set} client_connection_check_interval = '1s'` : ''
    const pinned = pins(backend, set)
    return `${pinned}; ${set} lock_timeout = ${lockTimeoutMs}; ${set} statement_timeout = ${statementTimeoutMs}${watchful}`
  }
}

/** Behind a pooler nothing of the server's session is ours to discard. */
const BEGAN_BEFORE = 'SELECT (pg_catalog.now() < pg_catalog.statement_timestamp())::text AS began_before'

function isExplained(error: unknown): boolean {
  return error instanceof MigratorError && error.code !== 'MIGRATION_FAILED'
}
