import type { Instance, Resource } from '../account.ts'
import { hostOf } from '../naming.ts'
import { tagList } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import { statusIn, type World } from '../world.ts'

export const vpcId = 'vpc-0a1b2c3d4e5f60718'
export const masterPort = (resource: Resource): number => resource.server.port
export const engineOf = ({ clusterId }: Instance): string =>
  clusterId === undefined ? 'postgres' : 'aurora-postgresql'

/** A DBInstance as Describe answers have it. An instance that is being created has no endpoint yet. */
export function instanceShape(instance: Instance, world: World): XmlObject {
  const status = statusIn(world, instance) ?? 'deleting'
  const { settings } = instance
  return {
    DBInstanceIdentifier: instance.id,
    DBInstanceClass: instance.instanceClass,
    Engine: engineOf(instance),
    DBInstanceStatus: status,
    MasterUsername: instance.masterUsername,
    DBName: instance.databaseName,
    Endpoint: status === 'creating' ? undefined : endpoint(instance, world),
    AllocatedStorage: instance.clusterId === undefined ? settings.allocatedStorageGb : 1,
    InstanceCreateTime: status === 'creating' ? undefined : instance.createdAt,
    PreferredBackupWindow: '03:00-03:30',
    BackupRetentionPeriod: settings.backupRetentionDays,
    DBSecurityGroups: list('DBSecurityGroup', []),
    VpcSecurityGroups: securityGroupList(instance.securityGroups),
    DBParameterGroups: list('DBParameterGroup', [
      { DBParameterGroupName: instance.parameterGroup, ParameterApplyStatus: 'in-sync' },
    ]),
    AvailabilityZone: instance.availabilityZone,
    DBSubnetGroup: { DBSubnetGroupName: instance.subnetGroup, VpcId: vpcId, SubnetGroupStatus: 'Complete' },
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
    PendingModifiedValues: {
      DBInstanceClass: instance.pending.instanceClass,
      MultiAZ: instance.pending.multiAz,
    },
    MultiAZ: instance.multiAz,
    EngineVersion: instance.server.version,
    AutoMinorVersionUpgrade: true,
    LicenseModel: 'postgresql-license',
    PubliclyAccessible: settings.publiclyAccessible,
    StorageType: settings.storageType,
    DbInstancePort: 0,
    DBClusterIdentifier: instance.clusterId,
    StorageEncrypted: false,
    DbiResourceId: instance.resourceId,
    CopyTagsToSnapshot: settings.copyTagsToSnapshot,
    PromotionTier: instance.clusterId === undefined ? undefined : instance.promotionTier,
    DBInstanceArn: instance.arn,
    IAMDatabaseAuthenticationEnabled: settings.iamAuthentication,
    DeletionProtection: settings.deletionProtection,
    TagList: tagList(instance.tags),
  }
}

function endpoint(instance: Instance, { addresses, account }: World): XmlObject {
  return {
    Address: hostOf(addresses, account.region, 'instance', instance.id),
    Port: masterPort(instance),
    HostedZoneId: 'Z2R2ITUGPM61AM',
  }
}

export function securityGroupList(groups: readonly string[]): XmlObject[string] {
  return list(
    'VpcSecurityGroupMembership',
    groups.map((VpcSecurityGroupId) => ({ VpcSecurityGroupId, Status: 'active' })),
  )
}
