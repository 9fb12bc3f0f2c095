import type { DBInstance } from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import { clusterSettings, instanceSettings, isMultiAzCluster, laterSettings, memberSettings } from './settings.ts'

const snapshot = { kind: 'instance', id: 's', source: 'p', status: 'available', engineVersion: '16.4' } as const

const source: DBInstance = {
  DBInstanceClass: 'db.m6g.large',
  EngineVersion: '16.8',
  Endpoint: { Address: 'a', Port: 6432 },
  DBSubnetGroup: { DBSubnetGroupName: 'private' },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }, { VpcSecurityGroupId: 'sg-2' }],
  DBParameterGroups: [{ DBParameterGroupName: 'tuned-16' }],
  OptionGroupMemberships: [{ OptionGroupName: 'options-16' }],
  MultiAZ: true,
  PubliclyAccessible: false,
  IAMDatabaseAuthenticationEnabled: true,
  EnabledCloudwatchLogsExports: ['postgresql'],
  DeletionProtection: true,
  CopyTagsToSnapshot: true,
  NetworkType: 'IPV4',
  StorageType: 'gp3',
  AllocatedStorage: 500,
  Iops: 12_000,
  StorageThroughput: 500,
}

test('a restored instance takes over what makes it a place for the application', () => {
  expect(instanceSettings(source, snapshot)).toEqual({
    DBInstanceClass: 'db.m6g.large',
    Port: 6432,
    DBSubnetGroupName: 'private',
    VpcSecurityGroupIds: ['sg-1', 'sg-2'],
    DBParameterGroupName: 'tuned-16',
    OptionGroupName: 'options-16',
    MultiAZ: true,
    PubliclyAccessible: false,
    EnableIAMDatabaseAuthentication: true,
    EnableCloudwatchLogsExports: ['postgresql'],
    DeletionProtection: true,
    CopyTagsToSnapshot: true,
    NetworkType: 'IPV4',
    StorageType: 'gp3',
    Iops: 12_000,
    StorageThroughput: 500,
  })
})

test('groups of another major version are left out: AWS would refuse the restore', () => {
  const settings = instanceSettings({ ...source, EngineVersion: '17.2' }, snapshot)
  expect(settings).not.toHaveProperty('DBParameterGroupName')
  expect(settings).not.toHaveProperty('OptionGroupName')
  expect(settings).toHaveProperty('DBInstanceClass')
})

test('default groups are left for AWS to choose, and a group that only starts alike is not', () => {
  const groups = (parameters: string, options: string) => ({
    ...source,
    DBParameterGroups: [{ DBParameterGroupName: parameters }],
    OptionGroupMemberships: [{ OptionGroupName: options }],
  })
  const byDefault = groups('default.postgres16', 'default:postgres-16')
  expect(instanceSettings(byDefault, snapshot)).not.toHaveProperty('DBParameterGroupName')
  expect(instanceSettings(byDefault, snapshot)).not.toHaveProperty('OptionGroupName')
  expect(memberSettings(byDefault, 'same-family')).not.toHaveProperty('DBParameterGroupName')
  const cluster = { DBClusterParameterGroup: 'default.aurora-postgresql16' }
  expect(clusterSettings(cluster, { ...snapshot, kind: 'cluster' })).toEqual({})
  expect(instanceSettings(groups('defaults-16', 'default-options'), snapshot)).toMatchObject({
    DBParameterGroupName: 'defaults-16',
    OptionGroupName: 'default-options',
  })
})

test('IOPS and throughput are given only where AWS takes them', () => {
  const small = instanceSettings({ ...source, AllocatedStorage: 100, Iops: 3000 }, snapshot)
  expect(small).not.toHaveProperty('Iops')
  expect(small).not.toHaveProperty('StorageThroughput')
  const provisioned = instanceSettings({ ...source, StorageType: 'io2' }, snapshot)
  expect(provisioned).toMatchObject({ StorageType: 'io2', Iops: 12_000 })
  expect(provisioned).not.toHaveProperty('StorageThroughput')
  expect(instanceSettings({ ...source, StorageType: 'gp2' }, snapshot)).not.toHaveProperty('Iops')
})

test('of a source that tells little, nothing is made up', () => {
  expect(instanceSettings({}, snapshot)).toEqual({})
  expect(clusterSettings({}, { ...snapshot, kind: 'cluster' })).toEqual({})
  expect(memberSettings({}, 'same-family')).toEqual({})
})

test('monitoring, insights and the storage limit are set afterwards, and only if the source has them', () => {
  expect(laterSettings(source)).toBeUndefined()
  const watched = { ...source, MonitoringInterval: 60, MonitoringRoleArn: 'arn:role', MaxAllocatedStorage: 1000 }
  expect(laterSettings(watched)).toEqual({
    MonitoringInterval: 60,
    MonitoringRoleArn: 'arn:role',
    MaxAllocatedStorage: 1000,
  })
  expect(laterSettings({ ...source, MonitoringInterval: 0, MonitoringRoleArn: 'arn:role' })).toBeUndefined()
  expect(laterSettings({ PerformanceInsightsEnabled: true, PerformanceInsightsRetentionPeriod: 7 })).toEqual({
    EnablePerformanceInsights: true,
    PerformanceInsightsRetentionPeriod: 7,
  })
})

test('a restored cluster takes over groups, capacity and storage; its instance class only where it makes its own', () => {
  const cluster = {
    DBSubnetGroup: 'private',
    DBClusterParameterGroup: 'cluster-16',
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }],
    StorageType: 'aurora-iopt1',
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16 },
    Iops: 3000,
  }
  expect(clusterSettings(cluster, { ...snapshot, kind: 'cluster' })).toEqual({
    DBSubnetGroupName: 'private',
    DBClusterParameterGroupName: 'cluster-16',
    VpcSecurityGroupIds: ['sg-1'],
    StorageType: 'aurora-iopt1',
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16 },
  })
  expect(isMultiAzCluster(cluster)).toBe(false)
  const multiAz = { ...cluster, DBClusterInstanceClass: 'db.m6gd.large' }
  expect(isMultiAzCluster(multiAz)).toBe(true)
  expect(clusterSettings(multiAz, { ...snapshot, kind: 'cluster' })).toMatchObject({
    DBClusterInstanceClass: 'db.m6gd.large',
    Iops: 3000,
  })
})
