/**
 * What a restored instance or cluster takes over from its source, as input for AWS. A plain restore gives the default
 * security group and parameter group and a single zone, which is no place for an application. Pure.
 */
import type {
  CreateDBInstanceMessage,
  DBCluster,
  DBInstance,
  ModifyDBInstanceMessage,
  RestoreDBClusterFromSnapshotMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
} from '@aws-sdk/client-rds'
import { sameMajor } from './engine.ts'
import type { DbSnapshot } from './snapshots.ts'

/** Above this size gp3 takes IOPS and throughput; below, AWS refuses them. */
const GP3_STRIPED_GIB = 400

export function instanceSettings(
  source: DBInstance,
  snapshot: DbSnapshot,
): Omit<RestoreDBInstanceFromDBSnapshotMessage, 'DBInstanceIdentifier'> {
  return whole({
    DBInstanceClass: source.DBInstanceClass,
    Port: source.Endpoint?.Port,
    DBSubnetGroupName: source.DBSubnetGroup?.DBSubnetGroupName,
    VpcSecurityGroupIds: ids(source.VpcSecurityGroups),
    MultiAZ: source.MultiAZ,
    PubliclyAccessible: source.PubliclyAccessible,
    AutoMinorVersionUpgrade: source.AutoMinorVersionUpgrade,
    CopyTagsToSnapshot: source.CopyTagsToSnapshot,
    EnableIAMDatabaseAuthentication: source.IAMDatabaseAuthenticationEnabled,
    EnableCloudwatchLogsExports: filled(source.EnabledCloudwatchLogsExports),
    DeletionProtection: source.DeletionProtection,
    NetworkType: source.NetworkType,
    CACertificateIdentifier: source.CACertificateIdentifier,
    DedicatedLogVolume: source.DedicatedLogVolume || undefined,
    ...storageOf(source),
    ...(sameMajor(source.EngineVersion, snapshot.engineVersion) ? groupsOf(source) : {}),
  })
}

/** What a restore does not take and a change afterwards does; undefined when there is nothing of it. */
export function laterSettings(source: DBInstance): Omit<ModifyDBInstanceMessage, 'DBInstanceIdentifier'> | undefined {
  const monitored = (source.MonitoringInterval ?? 0) > 0
  const insights = source.PerformanceInsightsEnabled === true
  const settings = whole({
    MaxAllocatedStorage: source.MaxAllocatedStorage,
    MonitoringInterval: monitored ? source.MonitoringInterval : undefined,
    MonitoringRoleArn: monitored ? source.MonitoringRoleArn : undefined,
    ...(insights ? insightsOf(source) : {}),
  })
  return Object.keys(settings).length === 0 ? undefined : settings
}

export function clusterSettings(
  source: DBCluster,
  snapshot: DbSnapshot,
): Omit<RestoreDBClusterFromSnapshotMessage, 'DBClusterIdentifier' | 'SnapshotIdentifier' | 'Engine'> {
  const family = sameMajor(source.EngineVersion, snapshot.engineVersion)
  const { MinCapacity, MaxCapacity } = source.ServerlessV2ScalingConfiguration ?? {}
  return whole({
    Port: source.Port,
    DBSubnetGroupName: source.DBSubnetGroup,
    VpcSecurityGroupIds: ids(source.VpcSecurityGroups),
    DBClusterParameterGroupName: family ? chosen(source.DBClusterParameterGroup) : undefined,
    EnableIAMDatabaseAuthentication: source.IAMDatabaseAuthenticationEnabled,
    EnableCloudwatchLogsExports: filled(source.EnabledCloudwatchLogsExports),
    DeletionProtection: source.DeletionProtection,
    CopyTagsToSnapshot: source.CopyTagsToSnapshot,
    NetworkType: source.NetworkType,
    StorageType: source.StorageType,
    ServerlessV2ScalingConfiguration: MaxCapacity === undefined ? undefined : whole({ MinCapacity, MaxCapacity }),
    ...(isMultiAzCluster(source) ? multiAzSettings(source) : {}),
  })
}

/** A Multi-AZ DB cluster makes its instances itself; an Aurora cluster has none until one is created. */
export function isMultiAzCluster({ DBClusterInstanceClass }: DBCluster): boolean {
  return DBClusterInstanceClass !== undefined && DBClusterInstanceClass !== ''
}

/** The first instance of a restored Aurora cluster, after the pattern of the source's writer. */
export function memberSettings(
  writer: DBInstance,
  family: 'same-family' | 'other-family',
): Omit<CreateDBInstanceMessage, 'DBInstanceIdentifier' | 'DBInstanceClass' | 'Engine'> {
  const monitored = (writer.MonitoringInterval ?? 0) > 0
  return whole({
    DBParameterGroupName:
      family === 'same-family' ? chosen(writer.DBParameterGroups?.[0]?.DBParameterGroupName) : undefined,
    PubliclyAccessible: writer.PubliclyAccessible,
    AutoMinorVersionUpgrade: writer.AutoMinorVersionUpgrade,
    CACertificateIdentifier: writer.CACertificateIdentifier,
    CopyTagsToSnapshot: writer.CopyTagsToSnapshot,
    PromotionTier: writer.PromotionTier,
    MonitoringInterval: monitored ? writer.MonitoringInterval : undefined,
    MonitoringRoleArn: monitored ? writer.MonitoringRoleArn : undefined,
    ...(writer.PerformanceInsightsEnabled ? insightsOf(writer) : {}),
  })
}

function multiAzSettings({ DBClusterInstanceClass, Iops, PubliclyAccessible }: DBCluster) {
  return { DBClusterInstanceClass, Iops, PubliclyAccessible }
}

function insightsOf({ PerformanceInsightsKMSKeyId, PerformanceInsightsRetentionPeriod }: DBInstance) {
  return { EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId, PerformanceInsightsRetentionPeriod }
}

function storageOf({ StorageType, Iops, StorageThroughput, AllocatedStorage }: DBInstance) {
  if (StorageType === 'io1' || StorageType === 'io2') return { StorageType, Iops }
  const striped = StorageType === 'gp3' && (AllocatedStorage ?? 0) >= GP3_STRIPED_GIB
  return striped ? { StorageType, Iops, StorageThroughput } : { StorageType }
}

/** Groups belong to a major version: after an upgrade the source's do not fit an older snapshot. */
function groupsOf({ DBParameterGroups, OptionGroupMemberships }: DBInstance) {
  return {
    DBParameterGroupName: chosen(DBParameterGroups?.[0]?.DBParameterGroupName),
    OptionGroupName: chosen(OptionGroupMemberships?.[0]?.OptionGroupName),
  }
}

/** Undefined for a group of AWS's own (`default:postgres-16`, `default.postgres16`), which AWS chooses, and may refuse by name. */
function chosen(group: string | undefined): string | undefined {
  return group?.startsWith('default:') || group?.startsWith('default.') ? undefined : group
}

function ids(
  groups: readonly { readonly VpcSecurityGroupId?: string | undefined }[] | undefined,
): string[] | undefined {
  return filled(groups?.flatMap(({ VpcSecurityGroupId }) => (VpcSecurityGroupId ? [VpcSecurityGroupId] : [])))
}

function filled<T>(list: T[] | undefined): T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

/** AWS takes an empty value for a value. */
function whole<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== '')) as T
}
