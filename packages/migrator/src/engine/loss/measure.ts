import type { DataLossEffect } from '../../core/data-loss-effect.ts'
import { byKeeping, type KnownLoss, type Loss, losesData, lossText, tellable } from '../../core/loss.ts'
import type { Action } from '../../core/migration.ts'
import { readCode } from '../../dialects/postgres/script/code-texts.ts'
import { createEffectReader, type EffectReader } from '../../dialects/postgres/script/destroys.ts'
import { LOOKS_DESTRUCTIVE } from '../../dialects/postgres/script/drops.ts'
import { plainDrops } from '../../dialects/postgres/script/plain-drops.ts'
import { loadParser, visitStatements } from '../../dialects/postgres/script/statements.ts'
import { MigratorError } from '../../errors.ts'
import type { AskedLoss } from '../../ports/kept-data.ts'
import { withSession } from '../run/begin.ts'
import { type Context, emit } from '../run/context.ts'
import type { ReadyStep } from '../run/prepare.ts'

export interface LossOptions {
  /** How long to count in all, before estimating. */
  readonly lossTimeoutMs: number
  /** What is proven of a migration already, by id. */
  readonly knownLoss?: KnownLoss | undefined
}

/** What the steps down would destroy of what is there now. Reads only, on a session of its own. */
export async function measureLoss(
  context: Context,
  steps: readonly ReadyStep[],
  { lossTimeoutMs, knownLoss }: LossOptions,
): Promise<readonly Loss[]> {
  if (!steps.every(isPlain)) await loadParser()
  const read = createEffectReader()
  const asked: AskedLoss[] = []
  for (const { id, migration, by } of steps) {
    if (!migration?.down || by === 'record') continue
    const { down } = migration
    const effects = down.kind === 'sql' ? await effectsOf(down, read) : ofModule(down, read, knownLoss?.(id))
    if (effects.length > 0) asked.push({ migration: id, effects })
  }
  if (asked.every(({ effects }) => effects.every(({ kind }) => kind === 'path'))) return []
  const losses = await withSession(context, (on) => context.database.losses.measure(on, asked, lossTimeoutMs))
  return tellable(losses)
}

function isPlain({ migration }: ReadyStep): boolean {
  const down = migration?.down
  return !down || (down.kind === 'sql' && plainDrops(down.sql) !== undefined)
}

/** What is proven of a module, and what its texts say beside it: a rehearsal's rows need not have met every DELETE. */
function ofModule(
  { run }: Action & { kind: 'module' },
  read: EffectReader,
  lost: ReturnType<KnownLoss>,
): readonly DataLossEffect[] {
  const told = effectsOfCode(run.toString(), read)
  if (lost === undefined) return told
  return [...known(lost), ...told.filter((each) => each !== CODE)]
}

function known(lost: NonNullable<ReturnType<KnownLoss>>): readonly DataLossEffect[] {
  return lost.map(({ schema, table, column }): DataLossEffect => {
    const ref = { schema, name: table }
    if (column === undefined) return { kind: 'object', object: 'relation', ref, reach: 'restrict' }
    return { kind: 'column', ref, column, reach: 'restrict' }
  })
}

async function effectsOf({ sql }: Action & { kind: 'sql' }, read: EffectReader): Promise<readonly DataLossEffect[]> {
  const plain = plainDrops(sql)
  if (plain) return plain
  const effects: DataLossEffect[] = []
  const broken = await visitStatements(sql, (statement) => effects.push(...read([statement])))
  // The server will not run what does not parse.
  return broken ? [] : effects
}

/** Of code only what its SQL texts say, unless it could do more, or nothing of it is SQL. */
function effectsOfCode(source: string, read: EffectReader): readonly DataLossEffect[] {
  const { statements, rest } = readCode(source)
  const opaque =
    LOOKS_DESTRUCTIVE.test(rest) || (statements.length === 0 && /\bawait\b|\breturn\b|=>/.test(bodyOf(rest)))
  return [...read(statements), ...(opaque ? [CODE] : [])]
}

const CODE: DataLossEffect = { kind: 'untold', why: 'its down is code' }

/** Without its head: an arrow function's arrow says nothing. */
function bodyOf(source: string): string {
  return source.replace(/^[^{]*?=>\s*\{?|^[^{]*\{/, '')
}

/** Says what would be lost, in the log and on the terminal. */
export function tellLoss(context: Context, losses: readonly Loss[], keeping: 'kept' | 'lost'): void {
  if (keeping === 'lost') {
    tellOne(context, 'This destroys:', losses)
    return
  }
  const { kept, unkept, unknown } = byKeeping(losses)
  tellOne(context, 'This takes away, and preserves:', kept)
  tellOne(context, 'This is not preserved:', unkept)
  tellOne(context, 'Preserved as it shows, or stopped there:', unknown)
}

function tellOne(context: Context, lead: string, losses: readonly Loss[]): void {
  if (losses.length === 0) return
  emit(context, {
    kind: 'warning',
    level: 'warn',
    message: `${lead} ${someOf(losses.map((loss) => `${lossText(loss)} (${loss.migration})`))}`,
    versions: [...new Set(losses.map(({ migration }) => migration))],
    direction: 'down',
    details: { loss: losses },
  })
}

const NAMED_AT_MOST = 10

function someOf(texts: readonly string[]): string {
  const more = texts.length - NAMED_AT_MOST
  return more <= 0 ? texts.join('; ') : `${texts.slice(0, NAMED_AT_MOST).join('; ')}; and ${more} more`
}

/** Rejects with LOSS_NOT_ACCEPTED when something that is there is known to go. */
export function refuseLoss(losses: readonly Loss[]): void {
  const lost = losses.filter(losesData)
  if (lost.length === 0) return
  const what = someOf(lost.map((loss) => `${lossText(loss)} (${loss.migration})`))
  throw new MigratorError('LOSS_NOT_ACCEPTED', `This rollback destroys ${what}.`, { details: { loss: losses } })
}
