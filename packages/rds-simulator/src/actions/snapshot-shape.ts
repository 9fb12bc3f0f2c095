import type { Cluster, Instance } from '../account.ts'
import { progressAt, type Snapshot } from '../snapshot.ts'
import { tagList } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import type { World } from '../world.ts'
import { vpcId } from './instance-shape.ts'

export function snapshotShape(snapshot: Snapshot<Instance>, world: World): XmlObject {
  const { source } = snapshot
  return {
    DBSnapshotIdentifier: snapshot.id,
    DBInstanceIdentifier: source.id,
    ...common(snapshot, world),
    Engine: 'postgres',
    AvailabilityZone: source.availabilityZone,
    InstanceCreateTime: source.createdAt,
    OptionGroupName: `default:postgres-${source.server.version.split('.')[0]}`,
    StorageType: source.settings.storageType,
    Encrypted: false,
    DBSnapshotArn: snapshot.arn,
    ProcessorFeatures: list('ProcessorFeature', []),
    DbiResourceId: source.resourceId,
    SnapshotTarget: 'region',
    OriginalSnapshotCreateTime: takenAt(snapshot, world),
    DedicatedLogVolume: false,
  }
}

export function clusterSnapshotShape(snapshot: Snapshot<Cluster>, world: World): XmlObject {
  const { source } = snapshot
  return {
    AvailabilityZones: list('AvailabilityZone', zones(world)),
    DBClusterSnapshotIdentifier: snapshot.id,
    DBClusterIdentifier: source.id,
    ...common(snapshot, world),
    Engine: 'aurora-postgresql',
    EngineMode: 'provisioned',
    ClusterCreateTime: source.createdAt,
    StorageEncrypted: false,
    DBClusterSnapshotArn: snapshot.arn,
    DbClusterResourceId: source.resourceId,
  }
}

function common(snapshot: Snapshot<Instance | Cluster>, world: World): XmlObject {
  const { status, percent } = progressAt(snapshot, world.now())
  const { source } = snapshot
  return {
    SnapshotCreateTime: takenAt(snapshot, world),
    AllocatedStorage: source.settings.allocatedStorageGb,
    Status: status,
    Port: source.server.port,
    VpcId: vpcId,
    MasterUsername: source.masterUsername,
    EngineVersion: source.server.version,
    LicenseModel: 'postgresql-license',
    SnapshotType: snapshot.type,
    PercentProgress: percent,
    IAMDatabaseAuthenticationEnabled: source.settings.iamAuthentication,
    TagList: tagList(snapshot.tags),
  }
}

/** As at Amazon, there is no time yet at the beginning: it is missing from the answer to a Create. */
function takenAt(snapshot: Snapshot<unknown>, world: World): Date | undefined {
  return progressAt(snapshot, world.now()).percent === 0 ? undefined : new Date(snapshot.takenAt)
}

export const zones = ({ account }: World): readonly string[] => ['a', 'b', 'c'].map((letter) => account.region + letter)
