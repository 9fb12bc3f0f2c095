import type { KeptData, KeptFor, KeptRows, PutBackRows } from '../../ports/kept-data.ts'
import type { Session } from '../../ports/session.ts'
import type { OutsideStep, StatementWatch } from '../../ports/step.ts'
import { type Context, emit } from '../run/context.ts'
import type { RunKind } from '../run/run-kind.ts'
import type { ReadyStep, Run, StepData, StepResult } from '../run/types.ts'

/** What of one step was kept or came back, once that was committed. */
export interface KeptDataOfStep extends Readonly<StepData> {
  readonly migration: string
}

/** Of which migrations data is to be kept: on the way up those for which some waits, which costs one query. */
export async function dataToKeep(
  { database }: Context,
  on: Session,
  { direction, options }: Pick<RunKind, 'direction' | 'options'>,
): Promise<'all' | ReadonlySet<string>> {
  if (direction === 'up') return (await database.keptData?.waiting(on)) ?? new Set()
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

/** Runs a step down that is to preserve, in its transaction or `outside` one: what a statement destroys is kept just before it is sent. */
export async function preserving(
  run: Run,
  step: ReadyStep,
  outside: OutsideStep | undefined,
  perform: (beforeStatement: NonNullable<StatementWatch['beforeStatement']>) => Promise<void>,
): Promise<void> {
  const { data } = step
  if (!data) throw new Error(`step ${step.id} has no data to keep`)
  const keptData = keeperOf(run)
  const owner = ownerOf(run, step)
  const untold = run.options.acceptLoss ? 'accepted' : 'refused'
  data.preserved = []
  // Outside a transaction it would be too late to find out afterwards.
  const compared = !outside && untold === 'refused'
  const before = compared ? await keptData.inventory(run.session) : undefined
  await perform(async (sql, parameters = []) => {
    const keep = () => keptData.keep(run.session, owner, { sql, parameters }, untold)
    const kept = await (outside ? allOrNothing(outside, keep) : keep())
    data.preserved = [...data.preserved, ...kept]
    return 'run'
  })
  const finish = () => keptData.finish(run.session, owner)
  if (data.preserved.length > 0) await (outside ? allOrNothing(outside, finish) : finish())
  if (before) await keptData.refuseUnkept(run.session, owner, before)
}

/** Keeping needs transactions: a database that has none offers no `keptData`. */
export function allOrNothing<T>(outside: OutsideStep, work: () => Promise<T>): Promise<T> {
  if (!outside.together) throw new Error('this database has no transactions to keep data in')
  return outside.together(work)
}

/** Runs the statements of a step up, and answers with what restores the data kept for it; nothing is kept for most. */
export async function returning(
  run: Run,
  { id, data }: ReadyStep,
  outside: OutsideStep | undefined,
  perform: (beforeStatement?: NonNullable<StatementWatch['beforeStatement']>) => Promise<void>,
): Promise<() => Promise<void>> {
  if (!data) {
    await perform()
    return async () => {}
  }
  const begin = () => keeperOf(run).returning(run.session, id)
  const kept = await (outside ? allOrNothing(outside, begin) : begin())
  await perform(async (sql) => {
    await kept.beforeStatement(sql)
    return 'run'
  })
  return async () => {
    data.putBack = await kept.putBack()
  }
}

/** A step has data to keep only where the database keeps some: `refuseUnsupported` sees to that. */
function keeperOf({ context }: Run): KeptData {
  if (!context.database.keptData) throw new Error('this database keeps no data')
  return context.database.keptData
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
      details: { putBack: withoutKeys(rows) },
    })
  }
}

/** A row's key may be what nobody is to read in a log. */
function withoutKeys({ conflicts: _, ...rows }: PutBackRows): Omit<PutBackRows, 'conflicts'> {
  return rows
}

export function preservedText({ rows, copy, ...what }: KeptRows): string {
  return `Preserved ${counted(rows, what)} in ${copy}`
}

export function putBackText({ putBack, gone, left, copy, why, ...what }: PutBackRows): string {
  const went =
    gone === 0 ? '' : `; ${counted(gone, what)} could not be restored because their rows were deleted meanwhile`
  const verbs = left === 1 && !what.columns ? ['was', 'stays'] : ['were', 'stay']
  const rest = left === 0 ? '' : `; ${counted(left, what)} ${verbs[0]} NOT restored and ${verbs[1]} in ${copy}: ${why}`
  return `Put back ${counted(putBack, what)}${went}${rest}`
}

function counted(count: number, { table, columns }: Pick<KeptRows, 'table' | 'columns'>): string {
  const number = count.toLocaleString('en-US')
  if (columns) return `the values of ${columns.join(', ')} of ${number} ${count === 1 ? 'row' : 'rows'} of ${table}`
  return `${number} ${count === 1 ? 'row' : 'rows'} of ${table}`
}
