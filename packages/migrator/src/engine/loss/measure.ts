import type { DataLossEffect } from '../../core/data-loss-effect.ts'
import { byKeeping, type KnownLoss, type Loss, losesData, lossText, tellable } from '../../core/loss.ts'
import { MigratorError } from '../../errors.ts'
import type { AskedLoss } from '../../ports/kept-data.ts'
import type { ReadEffects } from '../../ports/script-language.ts'
import { withSession } from '../run/begin.ts'
import { type Context, emit } from '../run/context.ts'
import type { ReadyStep } from '../run/types.ts'

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
  const { losses: measurer } = context.database
  if (!measurer) return []
  const reader = context.database.script?.effectReader()
  const asked: AskedLoss[] = []
  for (const { id, migration, by } of steps) {
    if (!migration?.down || by === 'record') continue
    const { effects, isOpaque } = (await reader?.read(migration.down)) ?? UNREAD
    const known = migration.down.kind === 'module' ? knownLoss?.(id) : undefined
    const all = [...(known ?? []), ...effects, ...(isOpaque && !known ? [CODE] : [])]
    if (all.length > 0) asked.push({ migration: id, effects: all })
  }
  if (asked.every(({ effects }) => effects.every(({ kind }) => kind === 'path'))) return []
  const losses = await withSession(context, (on) => measurer.measure(on, asked, lossTimeoutMs))
  return tellable(losses)
}

const UNREAD: ReadEffects = { effects: [], isOpaque: true }

const CODE: DataLossEffect = { kind: 'untold', why: 'its down is code' }

/** Says what would be lost, in the log and on the terminal. */
export function tellLoss(context: Context, losses: readonly Loss[], keeping: 'kept' | 'lost'): void {
  if (keeping === 'lost') {
    tellOne(context, 'This destroys:', losses)
    return
  }
  const { kept, unkept, unknown } = byKeeping(losses)
  tellOne(context, 'This removes and preserves:', kept)
  tellOne(context, 'Not preserved:', unkept)
  tellOne(context, 'Cannot be determined in advance; preserved at run time, or the rollback stops:', unknown)
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
  throw new MigratorError('LOSS_NOT_ACCEPTED', `This rollback would destroy ${what}.`, { details: { loss: losses } })
}
