import type { Account, Cluster, Instance } from './account.ts'
import { type Condition, statusAt } from './condition.ts'
import type { Faults } from './faults.ts'
import type { Addresses } from './naming.ts'
import type { Servers } from './postgres/servers.ts'
import { RdsError } from './wire/error.ts'
import { nameIn } from './wire/identifier.ts'
import type { Params } from './wire/params.ts'
import type { XmlObject } from './wire/xml.ts'

/** How long things seem to take, in milliseconds. Real work (the copy, a start) may make them longer. */
export interface Timing {
  readonly snapshotMs: number
  readonly createMs: number
  readonly modifyMs: number
  readonly deleteMs: number
}

/** What an action works on: the account in the request's region, and what is the same everywhere. */
export interface World {
  readonly account: Account
  readonly servers: Servers
  readonly faults: Faults
  readonly timing: Timing
  readonly addresses: Addresses
  /** No answer lists more than so many, whatever MaxRecords says. */
  readonly pageSize: number
  now(): number
}

/** One API action: parameters in, the result's content out. Throws RdsError to refuse. */
export type Action = (params: Params, world: World) => XmlObject | Promise<XmlObject>

/** The status that is reported, or undefined when it is gone: a fault's if there is one. */
export function statusIn(
  world: World,
  { id, condition }: { readonly id: string; readonly condition: Condition },
): string | undefined {
  const status = statusAt(condition, world.now())
  return status === undefined ? undefined : (world.faults.statusOf(id) ?? status)
}

export const livingInstances = (world: World): readonly Instance[] => living(world, world.account.instances)
export const livingClusters = (world: World): readonly Cluster[] => living(world, world.account.clusters)

function living<Item extends { readonly id: string; readonly condition: Condition }>(
  world: World,
  items: ReadonlyMap<string, Item>,
): readonly Item[] {
  return [...items.values()].filter((item) => statusIn(world, item) !== undefined)
}

/** By identifier or ARN. Throws DBInstanceNotFound. */
export function instanceNamed(world: World, name: string): Instance {
  const instance = livingInstances(world).find(({ id }) => id === nameIn(name))
  if (instance === undefined) throw new RdsError('DBInstanceNotFound', `DBInstance ${nameIn(name)} not found.`)
  return instance
}

/** By identifier or ARN. Throws DBClusterNotFoundFault. */
export function clusterNamed(world: World, name: string): Cluster {
  const cluster = livingClusters(world).find(({ id }) => id === nameIn(name))
  if (cluster === undefined) throw new RdsError('DBClusterNotFoundFault', `DBCluster ${nameIn(name)} not found.`)
  return cluster
}
