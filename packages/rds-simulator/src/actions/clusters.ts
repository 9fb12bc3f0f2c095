import { type Cluster, update } from '../account.ts'
import { vanishing } from '../condition.ts'
import { RdsError } from '../wire/error.ts'
import { type FilterTable, filtered } from '../wire/filters.ts'
import { nameIn } from '../wire/identifier.ts'
import { pageOf } from '../wire/page.ts'
import { flag, type Params, required, text } from '../wire/params.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { clusterNamed, livingClusters, type World } from '../world.ts'
import { clusterShape, endpointShapes } from './cluster-shape.ts'
import { takeClusterSnapshot } from './cluster-snapshots.ts'

const filters: FilterTable<Cluster> = {
  'db-cluster-id': ({ id }) => id,
  'db-cluster-resource-id': ({ resourceId }) => resourceId,
  engine: () => 'aurora-postgresql',
}

export function describeDBClusters(params: Params, world: World): XmlObject {
  const name = text(params, 'DBClusterIdentifier')
  const named = name === undefined ? livingClusters(world) : [clusterNamed(world, name)]
  const page = pageOf(params, filtered(params, named, filters), ({ id }) => id, world.pageSize)
  return {
    DBClusters: list(
      'DBCluster',
      page.items.map((cluster) => clusterShape(cluster, world)),
    ),
    Marker: page.marker,
  }
}

const endpointFilters: FilterTable<XmlObject> = {
  'db-cluster-endpoint-type': ({ EndpointType }) => String(EndpointType),
  'db-cluster-endpoint-custom-type': ({ CustomEndpointType }) => String(CustomEndpointType),
  'db-cluster-endpoint-id': ({ DBClusterEndpointIdentifier }) => String(DBClusterEndpointIdentifier),
  'db-cluster-endpoint-status': ({ Status }) => String(Status),
}

export function describeDBClusterEndpoints(params: Params, world: World): XmlObject {
  const clusterName = text(params, 'DBClusterIdentifier')
  const id = text(params, 'DBClusterEndpointIdentifier')
  const clusters = clusterName === undefined ? livingClusters(world) : [clusterNamed(world, clusterName)]
  const all = clusters.flatMap((cluster) => endpointShapes(cluster, world))
  const named = id === undefined ? all : all.filter((endpoint) => endpoint.DBClusterEndpointIdentifier === nameIn(id))
  const keyOf = (endpoint: XmlObject) =>
    `${endpoint.DBClusterIdentifier}/${endpoint.EndpointType}/${endpoint.DBClusterEndpointIdentifier ?? ''}`
  const page = pageOf(params, filtered(params, named, endpointFilters), keyOf, world.pageSize)
  return { DBClusterEndpoints: list('DBClusterEndpointList', page.items), Marker: page.marker }
}

/** Only one without instances. Its data are removed before the answer. */
export async function deleteDBCluster(params: Params, world: World): Promise<XmlObject> {
  const cluster = clusterNamed(world, required(params, 'DBClusterIdentifier'))
  refuseDeletion(params, cluster)
  const final = text(params, 'FinalDBSnapshotIdentifier')
  if (final !== undefined) await takeClusterSnapshot(world, cluster, final, 'FinalDBSnapshotIdentifier')
  const leaving = vanishing(world.now() + world.timing.deleteMs)
  update(world.account.clusters, cluster.id, (before) => ({ ...before, condition: leaving }))
  await world.servers.remove(cluster.server)
  return { DBCluster: clusterShape({ ...cluster, condition: leaving }, world) }
}

function refuseDeletion(params: Params, { members, settings }: Cluster): void {
  const skips = flag(params, 'SkipFinalSnapshot') ?? false
  const final = text(params, 'FinalDBSnapshotIdentifier')
  if (settings.deletionProtection) {
    const message = 'Cannot delete protected Cluster, please disable deletion protection and try again.'
    throw new RdsError('InvalidParameterCombination', message)
  }
  if (members.length > 0) {
    const message = 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.'
    throw new RdsError('InvalidDBClusterStateFault', message)
  }
  if (skips !== (final === undefined)) {
    const message = skips
      ? 'FinalDBSnapshotIdentifier cannot be specified when skipping a final snapshot.'
      : 'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.'
    throw new RdsError('InvalidParameterCombination', message)
  }
}
