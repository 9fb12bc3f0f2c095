import { mayLeaveSomething } from '../script/leftovers.ts'
import { literal } from '../script/literal.ts'

/**
 * What the statements of a step may leave in their session for the next step, or, behind a pooler, for another client:
 * settings, roles, temporary objects, prepared statements, cursors, notifications, advisory locks.
 */
export class Leftovers {
  #any = false
  #prepared = false
  #locks = false

  /** Call it with every text that a step sends. */
  note(sql: string): void {
    this.#any ||= mayLeaveSomething(sql)
    this.#prepared ||= /\bprepare\b/i.test(sql)
    this.#locks ||= /advisory/i.test(sql)
  }

  /** A module's code may send anything. */
  noteModule(): void {
    this.#any = true
  }

  get any(): boolean {
    return this.#any
  }

  /**
   * Removes it inside the step's transaction. Nothing of the step may be deferred any more: a trigger that is still to fire
   * on a temporary table, or a cursor over it, keeps it from being dropped.
   * https://www.postgresql.org/docs/current/sql-discard.html
   */
  removal(pooled: boolean, applicationName: string): string {
    if (!pooled) return [...RESET, 'DEALLOCATE ALL', 'UNLISTEN *', UNLOCK].join('; ')
    // A pooler gave the session its name, by which a later run looks for it. The connection is shared: what other clients have
    // prepared and locked there stays.
    const named = `SET application_name = ${literal(applicationName)}`
    return [...RESET, named, ...(this.#prepared ? [DEALLOCATE_OWN] : []), ...(this.#locks ? [UNLOCK] : [])].join('; ')
  }

  /** Removes what outlives a ROLLBACK. */
  removalAfterAbort(pooled: boolean): string {
    if (!this.#any) return ''
    return pooled ? (this.#locks ? `; ${UNLOCK}` : '') : `; DEALLOCATE ALL; ${UNLOCK}`
  }

  clear(): void {
    this.#any = this.#prepared = this.#locks = false
  }
}

/** RESET ALL leaves the role alone, RESET SESSION AUTHORIZATION brings it back. */
const RESET = ['RESET SESSION AUTHORIZATION', 'RESET ALL', 'CLOSE ALL', 'DISCARD TEMP', 'DISCARD SEQUENCES']

const UNLOCK = 'SELECT pg_catalog.pg_advisory_unlock_all()'

const DEALLOCATE_OWN = `DO $$ DECLARE own text; BEGIN
  FOR own IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql AND prepare_time >= pg_catalog.now() LOOP
    EXECUTE pg_catalog.format('DEALLOCATE %I', own);
  END LOOP; END $$`
