import type { KeptFor, KeptRows, PutBackRows } from '../../ports/kept-data.ts'
import type { Session, StatementWatch } from '../../ports/session.ts'
import { type Context, emit } from '../run/context.ts'
import type { ReadyStep } from '../run/prepare.ts'
import type { Course } from '../run/run-kind.ts'
import type { Run, StepResult } from '../run/steps.ts'

/**
 * A step whose data is kept: on the way down it is preserved, on the way up it is put back. Filled while the step runs, and
 * anew when it is tried again.
 */
export interface StepData {
  preserved: readonly KeptRows[]
  putBack: readonly PutBackRows[]
}

/** What of one step was kept or came back, once that was committed. */
export interface KeptDataOfStep extends Readonly<StepData> {
  readonly migration: string
}

/** Of which migrations data is to be kept: on the way up those for which some waits, which costs one query. */
export async function dataToKeep(
  { database }: Context,
  on: Session,
  { direction, options }: Pick<Course, 'direction' | 'options'>,
): Promise<'all' | ReadonlySet<string>> {
  if (direction === 'up') return database.keptData.waiting(on)
  return options.preserveData ? 'all' : new Set()
}

export function withKeptData(steps: readonly ReadyStep[], which: 'all' | ReadonlySet<string>): readonly ReadyStep[] {
  return steps.map((step) => {
    const marked = step.by !== 'record' && (which === 'all' || which.has(step.id))
    return marked ? { ...step, data: { preserved: [], putBack: [] } } : step
  })
}

/** Of steps that are applied what came back, of those that are reverted what was kept. */
export function keptDataOf(results: readonly StepResult[]): readonly KeptDataOfStep[] {
  return results.flatMap(({ step, status }) => {
    const { id, data } = step as ReadyStep
    if (!data || (status !== 'applied' && status !== 'reverted')) return []
    const { preserved, putBack } = data
    const kept = {
      preserved: status === 'reverted' ? preserved.filter(holdsRows) : [],
      putBack: status === 'applied' ? putBack.filter(holdsRows) : [],
    }
    return kept.preserved.length + kept.putBack.length > 0 ? [{ migration: id, ...kept }] : []
  })
}

/** An empty table is kept as well, because of its sequences; there is nothing to say of it. */
function holdsRows({ rows }: KeptRows): boolean {
  return rows > 0
}

/** Runs a step down that is to preserve: what each statement destroys is kept just before it is sent. */
export async function preserving(
  run: Run,
  step: ReadyStep,
  within: StatementWatch['within'],
  perform: (beforeStatement: NonNullable<StatementWatch['beforeStatement']>) => Promise<void>,
): Promise<void> {
  const { data } = step
  if (!data) throw new Error(`step ${step.id} has no data to keep`)
  const { keptData } = run.context.database
  const owner = ownerOf(run, step)
  const untold = run.options.acceptLoss ? 'accepted' : 'refused'
  data.preserved = []
  // Outside a transaction it would be too late to find out afterwards.
  const compared = within === 'transaction' && untold === 'refused'
  const before = compared ? await keptData.inventory(run.session) : undefined
  await perform(async (sql) => {
    const keep = () => keptData.keep(run.session, owner, sql, untold)
    const kept = within === 'transaction' ? await keep() : await inOwnTransaction(run, keep)
    data.preserved = [...data.preserved, ...kept]
    return 'run'
  })
  const finish = () => keptData.finish(run.session, owner)
  if (data.preserved.length > 0) await (within === 'transaction' ? finish() : inOwnTransaction(run, finish))
  if (before) await keptData.refuseUnkept(run.session, owner, before)
}

/** For a step outside a transaction, unless its code has opened one itself. */
export async function inOwnTransaction<T>({ session }: Run, work: () => Promise<T>): Promise<T> {
  const [row] = await session.query('SELECT (pg_catalog.now() = pg_catalog.statement_timestamp())::text AS outside')
  if (row?.outside !== 'true') return work()
  await session.execute('BEGIN')
  try {
    const result = await work()
    await session.commit()
    return result
  } catch (error) {
    await session.abort()
    throw error
  }
}

/** Puts back what is kept for a step up, behind its `up`. */
export async function puttingBack(run: Run, { id, data }: ReadyStep): Promise<void> {
  if (data) data.putBack = await run.context.database.keptData.putBack(run.session, id)
}

export function ownerOf({ context }: Run, { id, migration }: ReadyStep): KeptFor {
  return { migration: id, checksum: migration?.checksum ?? '', runId: context.runId }
}

/** Says what was kept and what came back, once that is committed. */
export function tellKeptData(run: Run, step: ReadyStep): void {
  const { data, direction } = step
  if (!data) return
  const common = { version: step.id, direction, reason: run.options.reason }
  if (direction === 'down') {
    for (const kept of data.preserved.filter(holdsRows))
      emit(run.context, {
        kind: 'data-preserved',
        level: 'info',
        message: preservedText(kept),
        ...common,
        details: { preserved: kept },
      })
    return
  }
  for (const rows of data.putBack.filter(holdsRows)) {
    const level = rows.left > 0 ? 'warn' : 'info'
    emit(run.context, {
      kind: 'data-put-back',
      level,
      message: putBackText(rows),
      ...common,
      details: { putBack: rows },
    })
  }
}

export function preservedText({ rows, copy, ...what }: KeptRows): string {
  return `Preserved ${counted(rows, what)} in ${copy}`
}

export function putBackText({ putBack, gone, left, copy, why, ...what }: PutBackRows): string {
  const went = gone === 0 ? '' : `; ${counted(gone, what)} went with their rows, which were deleted meanwhile`
  const rest = left === 0 ? '' : `; ${counted(left, what)} did NOT fit and stay in ${copy}: ${why}`
  return `Put back ${counted(putBack, what)}${went}${rest}`
}

function counted(count: number, { table, columns }: Pick<KeptRows, 'table' | 'columns'>): string {
  const number = count.toLocaleString('en-US')
  if (columns) return `the values of ${columns.join(', ')} of ${number} ${count === 1 ? 'row' : 'rows'} of ${table}`
  return `${number} ${count === 1 ? 'row' : 'rows'} of ${table}`
}
