import { refusal } from '../core/options.ts'
import type { DownTarget, UpTarget } from '../core/target.ts'
import type { DownExtent, UpExtent } from './options.ts'

/** Where `apply` stops. Throws USAGE_INVALID when that is said in two ways. */
export function upTargetOf({ target, steps }: UpExtent): UpTarget {
  refuseBoth('apply()', { target, steps })
  if (steps !== undefined) return { kind: 'count', count: steps }
  if (target === undefined) return { kind: 'latest' }
  return typeof target === 'string' ? { kind: 'id', id: target } : known('apply()', target, ['latest', 'id', 'count'])
}

/** Where `rollback` stops; by default the last applied migration goes. Throws USAGE_INVALID when that is said in two ways. */
export function downTargetOf({ target, steps, batch, all }: DownExtent): DownTarget {
  refuseBoth('rollback()', { target, steps, batch: batch || undefined, all: all || undefined })
  if (all) return { kind: 'empty' }
  if (batch) return { kind: 'batch' }
  if (target === undefined) return { kind: 'count', count: steps ?? 1 }
  return typeof target === 'string'
    ? { kind: 'id', id: target }
    : known('rollback()', target, ['empty', 'id', 'count', 'batch'])
}

function refuseBoth(where: string, extents: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(extents).filter((name) => extents[name] !== undefined)
  if (given.length > 1) throw refusal(where, `${given.join(' and ')} cannot be combined.`, given[1])
}

function known<T extends UpTarget | DownTarget>(where: string, target: T, kinds: readonly T['kind'][]): T {
  const { kind } = target
  const whole = target.kind !== 'count' || (Number.isSafeInteger(target.count) && target.count > 0)
  if (!kinds.includes(kind)) throw refusal(where, `target.kind must be ${kinds.join(', ')} (got ${kind}).`, 'target')
  if (!whole) throw refusal(where, 'target.count must be a whole number, at least 1.', 'target')
  if (target.kind === 'id' && typeof target.id !== 'string')
    throw refusal(where, 'target.id must be a string.', 'target')
  return target
}
