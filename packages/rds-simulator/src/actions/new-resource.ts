import type { Cluster, Instance, Resource, Settings } from '../account.ts'
import { lasting } from '../condition.ts'
import { arnOf, randomId } from '../naming.ts'
import type { Server } from '../postgres/servers.ts'
import { flag, type Params, text, texts, whole } from '../wire/params.ts'
import { readTags } from '../wire/tags.ts'
import type { World } from '../world.ts'

export const defaultSecurityGroup = 'sg-default00000000'

const majorOf = ({ version }: Server): string => version.split('.')[0] ?? ''

export const defaultSettings: Settings = {
  deletionProtection: false,
  copyTagsToSnapshot: false,
  iamAuthentication: false,
  publiclyAccessible: false,
  backupRetentionDays: 1,
  storageType: 'gp3',
  allocatedStorageGb: 20,
}

/** Everything has been read and checked; what is missing is the server, whose start takes a while. */
export type Draft<Item> = (server: Server) => Item

/**
 * A plain instance as a request asks for it. What the request leaves out gets the default, also where it is restored from
 * a snapshot whose source had something else: security groups, parameter group and Single-AZ are not remembered.
 */
export function instanceFrom(params: Params, id: string, world: World): Draft<Instance> {
  const { region } = world.account
  const resource = resourceFrom(params, world, 'default.postgres')
  const own = {
    id,
    arn: arnOf(region, 'db', id),
    resourceId: randomId('db'),
    instanceClass: text(params, 'DBInstanceClass') ?? 'db.m6g.large',
    multiAz: flag(params, 'MultiAZ') ?? false,
    availabilityZone: text(params, 'AvailabilityZone') ?? `${region}a`,
    clusterId: undefined,
    promotionTier: whole(params, 'PromotionTier') ?? 1,
    pending: {},
  }
  return (server) => ({ ...resource(server), ...own })
}

/** A member: server, user, database and security groups are the cluster's. */
export function memberFrom(params: Params, id: string, cluster: Cluster, world: World): Draft<Instance> {
  const plain = instanceFrom(params, id, world)
  const { masterUsername, databaseName, securityGroups } = cluster
  return (server) => {
    const member = plain(server)
    const parameterGroup = text(params, 'DBParameterGroupName') ?? `default.aurora-postgresql${majorOf(server)}`
    const settings = { ...member.settings, storageType: 'aurora' }
    return { ...member, clusterId: cluster.id, masterUsername, databaseName, securityGroups, parameterGroup, settings }
  }
}

export function clusterFrom(params: Params, id: string, world: World): Draft<Cluster> {
  const resource = resourceFrom(params, world, 'default.aurora-postgresql')
  const own = { id, arn: arnOf(world.account.region, 'cluster', id), resourceId: randomId('cluster'), members: [] }
  return (server) => ({ ...resource(server), ...own })
}

type Common = Omit<Resource, 'id' | 'arn' | 'resourceId'>

function resourceFrom(params: Params, world: World, parameterGroupPrefix: string): Draft<Common> {
  const parameterGroup = text(params, 'DBParameterGroupName') ?? text(params, 'DBClusterParameterGroupName')
  const read = {
    masterUsername: text(params, 'MasterUsername') ?? 'postgres',
    databaseName: text(params, 'DBName') ?? text(params, 'DatabaseName'),
    securityGroups: texts(params, 'VpcSecurityGroupIds') ?? [defaultSecurityGroup],
    subnetGroup: text(params, 'DBSubnetGroupName') ?? 'default',
    tags: readTags(params),
    settings: settingsFrom(params, defaultSettings),
  }
  return (server) => ({
    ...read,
    server,
    parameterGroup: parameterGroup ?? parameterGroupPrefix + majorOf(server),
    createdAt: new Date(world.now()),
    condition: lasting('creating', world.now() + world.timing.createMs),
  })
}

/** The settings that the request names, else those there were. */
export function settingsFrom(params: Params, before: Settings): Settings {
  return {
    deletionProtection: flag(params, 'DeletionProtection') ?? before.deletionProtection,
    copyTagsToSnapshot: flag(params, 'CopyTagsToSnapshot') ?? before.copyTagsToSnapshot,
    iamAuthentication: flag(params, 'EnableIAMDatabaseAuthentication') ?? before.iamAuthentication,
    publiclyAccessible: flag(params, 'PubliclyAccessible') ?? before.publiclyAccessible,
    backupRetentionDays: whole(params, 'BackupRetentionPeriod') ?? before.backupRetentionDays,
    storageType: text(params, 'StorageType') ?? before.storageType,
    allocatedStorageGb: whole(params, 'AllocatedStorage') ?? before.allocatedStorageGb,
  }
}
