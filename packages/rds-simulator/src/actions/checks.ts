import type { Cluster, Instance } from '../account.ts'
import type { Server } from '../postgres/servers.ts'
import { RdsError } from '../wire/error.ts'
import { newIdentifier } from '../wire/identifier.ts'
import { type Params, required } from '../wire/params.ts'
import { livingClusters, livingInstances, statusIn, type World } from '../world.ts'

/** The identifier of an instance to be made. Throws InvalidParameterValue, DBInstanceAlreadyExists, InstanceQuotaExceeded. */
export function newInstanceId(params: Params, world: World, parameter = 'DBInstanceIdentifier'): string {
  const id = newIdentifier('instance', parameter, required(params, parameter))
  const taken = world.account.reserved.has(`db:${id}`) || livingInstances(world).some((instance) => instance.id === id)
  if (taken) throw new RdsError('DBInstanceAlreadyExists', 'DB instance already exists')
  return id
}

export function refuseInstanceOverQuota(world: World): void {
  const { instances } = world.account.quotas
  if (livingInstances(world).length < instances) return
  throw new RdsError('InstanceQuotaExceeded', `DB instance quota exceeded: no more than ${instances} DB instances.`)
}

/** The identifier of a cluster to be made. Throws InvalidParameterValue, DBClusterAlreadyExistsFault, DBClusterQuotaExceededFault. */
export function newClusterId(params: Params, world: World): string {
  const id = newIdentifier('cluster', 'DBClusterIdentifier', required(params, 'DBClusterIdentifier'))
  const taken =
    world.account.reserved.has(`cluster:${id}`) || livingClusters(world).some((cluster) => cluster.id === id)
  if (taken) throw new RdsError('DBClusterAlreadyExistsFault', 'DB Cluster already exists')
  const { clusters } = world.account.quotas
  if (livingClusters(world).length < clusters) return id
  throw new RdsError('DBClusterQuotaExceededFault', `DB cluster quota exceeded: no more than ${clusters} DB clusters.`)
}

/** Keeps the identifier for as long as `work` makes what is to bear it. */
export async function reserving<T>(world: World, key: string, work: () => Promise<T>): Promise<T> {
  world.account.reserved.add(key)
  try {
    return await work()
  } finally {
    world.account.reserved.delete(key)
  }
}

/** The same with a server of its own, which is removed again when `finish` fails. */
export function reservingServer<T>(
  world: World,
  key: string,
  begin: () => Promise<Server>,
  finish: (server: Server) => Promise<T>,
): Promise<T> {
  return reserving(world, key, async () => {
    const server = await begin()
    try {
      return await finish(server)
    } catch (error) {
      await world.servers.remove(server)
      throw error
    }
  })
}

// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html: both count as usable.
const usable = new Set(['available', 'storage-optimization'])

export function refuseUnusableInstance(world: World, instance: Instance, what: string): void {
  if (usable.has(statusIn(world, instance) ?? '')) return
  const message = `Cannot ${what} because the database instance ${instance.id} is not currently in the available state.`
  throw new RdsError('InvalidDBInstanceState', message)
}

export function refuseUnusableCluster(world: World, cluster: Cluster, what: string): void {
  if (usable.has(statusIn(world, cluster) ?? '')) return
  const message = `Cannot ${what} because the database cluster ${cluster.id} is not currently in the available state.`
  throw new RdsError('InvalidDBClusterStateFault', message)
}
