import type { Copy } from './postgres/servers.ts'
import type { Tags } from './wire/tags.ts'

/** How a snapshot ends: `percent` is where one that does not complete stands still. */
export type Fate =
  | { readonly kind: 'completes' }
  | { readonly kind: 'fails'; readonly percent: number }
  | { readonly kind: 'never-finishes'; readonly percent: number }

/** A physical copy under its API name. `source` is the instance or cluster as it was at that moment. */
export interface Snapshot<Source> {
  readonly id: string
  readonly arn: string
  readonly type: 'manual' | 'automated'
  readonly source: Source
  /** Undefined while it is being taken. */
  readonly copy: Copy | undefined
  /** The moment whose data it holds, in milliseconds since the epoch; from then on it seems to be written out. */
  readonly takenAt: number
  readonly durationMs: number
  readonly fate: Fate
  readonly tags: Tags
}

export interface Progress {
  readonly status: 'creating' | 'available' | 'failed'
  readonly percent: number
}

/** It grows evenly from 0, once the real copy is there. */
export function progressAt({ takenAt, durationMs, fate, copy }: Snapshot<unknown>, now: number): Progress {
  if (copy === undefined) return { status: 'creating', percent: 0 }
  const share = durationMs === 0 ? 1 : (now - takenAt) / durationMs
  const percent = Math.max(0, Math.min(100, Math.floor(share * 100)))
  if (fate.kind !== 'completes' && percent >= fate.percent) {
    return { status: fate.kind === 'fails' ? 'failed' : 'creating', percent: fate.percent }
  }
  return { status: percent === 100 ? 'available' : 'creating', percent }
}
