import type { Cluster, CustomEndpoint } from '../account.ts'
import { arnOf, hostOf, randomId } from '../naming.ts'
import { tagList } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { statusIn, type World } from '../world.ts'
import { securityGroupList } from './instance-shape.ts'
import { zones } from './snapshot-shape.ts'

export function clusterShape(cluster: Cluster, world: World): XmlObject {
  const { settings } = cluster
  const { addresses, account } = world
  const host = (kind: 'writer' | 'reader') => hostOf(addresses, account.region, kind, cluster.id)
  return {
    AllocatedStorage: 1,
    AvailabilityZones: list('AvailabilityZone', zones(world)),
    BackupRetentionPeriod: settings.backupRetentionDays,
    DatabaseName: cluster.databaseName,
    DBClusterIdentifier: cluster.id,
    DBClusterParameterGroup: cluster.parameterGroup,
    DBSubnetGroup: cluster.subnetGroup,
    Status: statusIn(world, cluster) ?? 'deleting',
    Endpoint: host('writer'),
    ReaderEndpoint: host('reader'),
    CustomEndpoints: list(
      'member',
      endpointsOf(cluster, world).map(({ id }) => hostOf(addresses, account.region, 'custom', id)),
    ),
    MultiAZ: cluster.members.length > 1,
    Engine: 'aurora-postgresql',
    EngineVersion: cluster.server.version,
    Port: cluster.server.port,
    MasterUsername: cluster.masterUsername,
    PreferredBackupWindow: '03:00-03:30',
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
    DBClusterMembers: list(
      'DBClusterMember',
      cluster.members.map((id, index) => memberShape(id, index, world)),
    ),
    VpcSecurityGroups: securityGroupList(cluster.securityGroups),
    StorageEncrypted: false,
    DbClusterResourceId: cluster.resourceId,
    DBClusterArn: cluster.arn,
    IAMDatabaseAuthenticationEnabled: settings.iamAuthentication,
    ClusterCreateTime: cluster.createdAt,
    EngineMode: 'provisioned',
    DeletionProtection: settings.deletionProtection,
    CopyTagsToSnapshot: settings.copyTagsToSnapshot,
    TagList: tagList(cluster.tags),
  }
}

function memberShape(id: string, index: number, { account }: World): XmlObject {
  return {
    DBInstanceIdentifier: id,
    IsClusterWriter: index === 0,
    DBClusterParameterGroupStatus: 'in-sync',
    PromotionTier: account.instances.get(id)?.promotionTier ?? 1,
  }
}

export function endpointsOf({ id }: Cluster, { account }: World): readonly CustomEndpoint[] {
  return [...account.endpoints.values()].filter(({ clusterId }) => clusterId === id)
}

/** Writer, reader, then the custom ones. Only a custom endpoint has an identifier and an ARN. */
export function endpointShapes(cluster: Cluster, world: World): readonly XmlObject[] {
  const { addresses, account } = world
  const host = (kind: 'writer' | 'reader' | 'custom', id: string) => hostOf(addresses, account.region, kind, id)
  const builtIn = (['writer', 'reader'] as const).map((kind) => ({
    DBClusterIdentifier: cluster.id,
    Endpoint: host(kind, cluster.id),
    Status: cluster.members.length === 0 ? 'inactive' : 'available',
    EndpointType: kind.toUpperCase(),
  }))
  const custom = endpointsOf(cluster, world).map(({ id, type, members }) => ({
    DBClusterEndpointIdentifier: id,
    DBClusterIdentifier: cluster.id,
    DBClusterEndpointResourceIdentifier: randomId('cluster-endpoint'),
    Endpoint: host('custom', id),
    Status: 'available',
    EndpointType: 'CUSTOM',
    CustomEndpointType: type,
    StaticMembers: list('member', members),
    ExcludedMembers: list('member', []),
    DBClusterEndpointArn: arnOf(account.region, 'cluster-endpoint', id),
  }))
  return [...builtIn, ...custom]
}
