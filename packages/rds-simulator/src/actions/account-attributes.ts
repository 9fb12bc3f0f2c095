import type { Params } from '../wire/params.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { livingClusters, livingInstances, type World } from '../world.ts'
import { manualCount } from './snapshot-work.ts'

/** The quotas that matter here. While the fault quota-exceeded is active, those of snapshots show as used up. */
export function describeAccountAttributes(_params: Params, world: World): XmlObject {
  const { account, faults } = world
  const { quotas } = account
  const used = (action: string, count: number, max: number) => (faults.active('quota-exceeded', action) ? max : count)
  const rows: readonly (readonly [name: string, used: number, max: number])[] = [
    ['DBInstances', livingInstances(world).length, quotas.instances],
    ['DBClusters', livingClusters(world).length, quotas.clusters],
    [
      'ManualSnapshots',
      used('CreateDBSnapshot', manualCount(account.snapshots), quotas.manualSnapshots),
      quotas.manualSnapshots,
    ],
    [
      'ManualClusterSnapshots',
      used('CreateDBClusterSnapshot', manualCount(account.clusterSnapshots), quotas.manualClusterSnapshots),
      quotas.manualClusterSnapshots,
    ],
  ]
  const items = rows.map(([AccountQuotaName, Used, Max]) => ({ AccountQuotaName, Used, Max }))
  return { AccountQuotas: list('AccountQuota', items) }
}
