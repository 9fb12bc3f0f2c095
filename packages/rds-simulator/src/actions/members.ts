import { type Cluster, update } from '../account.ts'
import type { Params } from '../wire/params.ts'
import type { XmlObject } from '../wire/xml.ts'
import type { World } from '../world.ts'
import { refuseUnusableCluster, reserving } from './checks.ts'
import { instanceShape } from './instance-shape.ts'
import { memberFrom } from './new-resource.ts'

/** Puts a new instance into a cluster. The first one starts the cluster's PostgreSQL: a cluster without instances has no server. */
export function addMember(params: Params, id: string, cluster: Cluster, world: World): Promise<XmlObject> {
  refuseUnusableCluster(world, cluster, 'create the instance')
  const draft = memberFrom(params, id, cluster, world)
  return reserving(world, `db:${id}`, async () => {
    const server = cluster.members.length === 0 ? await world.servers.start(cluster.server) : cluster.server
    update(world.account.clusters, cluster.id, (now) => ({ ...now, server, members: [...now.members, id] }))
    const instance = draft(server)
    world.account.instances.set(id, instance)
    return instanceShape(instance, world)
  })
}

/** The last one to leave stops the server. */
export async function removeMember(world: World, clusterId: string, id: string): Promise<void> {
  update(world.account.clusters, clusterId, (now) => ({
    ...now,
    members: now.members.filter((member) => member !== id),
  }))
  const cluster = world.account.clusters.get(clusterId)
  if (cluster?.members.length === 0) await world.servers.stop(cluster.server)
}

export function renameMember({ account }: World, clusterId: string, before: string, after: string): void {
  const renamed = (member: string) => (member === before ? after : member)
  update(account.clusters, clusterId, (now) => ({ ...now, members: now.members.map(renamed) }))
}
