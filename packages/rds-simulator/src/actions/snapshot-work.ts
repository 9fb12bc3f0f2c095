import type { Resource } from '../account.ts'
import type { Fate, Snapshot } from '../snapshot.ts'
import { RdsError } from '../wire/error.ts'
import { type Params, text } from '../wire/params.ts'
import type { World } from '../world.ts'

/** What instance and cluster snapshots have in common: the copy, the quota, the types. */
type Begun<Source> = Pick<Snapshot<Source>, 'id' | 'arn' | 'source' | 'tags'>

/** Shows the snapshot as `creating` while its copy is taken. When that fails it is gone again, and the error is thrown. */
export async function takeSnapshot<Source extends Resource>(
  world: World,
  action: string,
  snapshots: Map<string, Snapshot<Source>>,
  begun: Begun<Source>,
  type: Snapshot<Source>['type'] = 'manual',
): Promise<Snapshot<Source>> {
  const fate = fateOf(world, action)
  const { snapshotMs } = world.timing
  const snapshot: Snapshot<Source> = {
    ...begun,
    type,
    copy: undefined,
    takenAt: world.now(),
    durationMs: snapshotMs,
    fate,
  }
  snapshots.set(begun.id, snapshot)
  try {
    const copy = await world.servers.copy(begun.source.server)
    const taken = { ...snapshot, copy, takenAt: world.now() }
    snapshots.set(begun.id, taken)
    return taken
  } catch (error) {
    snapshots.delete(begun.id)
    throw error
  }
}

function fateOf(world: World, action: string): Fate {
  const failing = world.faults.take('snapshot-fails', action)
  if (failing) return { kind: 'fails', percent: failing.atPercent ?? 40 }
  const hanging = world.faults.take('snapshot-never-finishes', action)
  if (hanging) return { kind: 'never-finishes', percent: hanging.atPercent ?? 40 }
  return { kind: 'completes' }
}

export function refuseOverSnapshotQuota(
  world: World,
  action: string,
  snapshots: ReadonlyMap<string, Snapshot<unknown>>,
  max: number,
): void {
  if (!world.faults.take('quota-exceeded', action) && manualCount(snapshots) < max) return
  throw new RdsError('SnapshotQuotaExceeded', `Cannot create more than ${max} manual snapshots`)
}

export function manualCount(snapshots: ReadonlyMap<string, Snapshot<unknown>>): number {
  return [...snapshots.values()].filter(({ type }) => type === 'manual').length
}

/** Without SnapshotType: manual and automated ones. Shared and public ones of other accounts there are none. */
export function ofWantedType<Source>(params: Params, all: readonly Snapshot<Source>[]): readonly Snapshot<Source>[] {
  const wanted = text(params, 'SnapshotType')
  if (wanted === undefined) return all
  if (['manual', 'automated', 'shared', 'public', 'awsbackup'].includes(wanted))
    return all.filter(({ type }) => type === wanted)
  throw new RdsError('InvalidParameterValue', `Invalid snapshot type: ${wanted}`)
}
