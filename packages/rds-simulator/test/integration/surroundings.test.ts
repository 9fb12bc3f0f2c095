import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DBProxyNotFoundFault,
  DBProxyTargetGroupNotFoundFault,
  DescribeAccountAttributesCommand,
  DescribeBlueGreenDeploymentsCommand,
  DescribeDBClustersCommand,
  DescribeDBProxiesCommand,
  DescribeDBProxyTargetGroupsCommand,
  DescribeDBProxyTargetsCommand,
  InstanceQuotaExceededFault,
  ListTagsForResourceCommand,
  SnapshotQuotaExceededFault,
} from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import { createSimulator } from '../../src/index.ts'
import { clientOf, instanceOf, refusal, sharedScene } from '../support/scene.ts'

const scene = sharedScene({ addresses: 'amazon', quotas: { instances: 3, manualSnapshots: 1 } }, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod', multiAz: true })
  await simulator.addCluster({ id: 'summit-aurora', members: ['summit-aurora-a', 'summit-aurora-b'] })
})

test('a proxy leads to its instance', async () => {
  const { client, simulator } = scene
  const host = simulator.addProxy({ name: 'front', targetId: 'summit-prod' })
  const { DBProxies } = await client.send(new DescribeDBProxiesCommand({ DBProxyName: 'front' }))
  expect(DBProxies).toMatchObject([
    { DBProxyName: 'front', Status: 'available', EngineFamily: 'POSTGRESQL', Endpoint: host },
  ])
  const { Targets } = await client.send(new DescribeDBProxyTargetsCommand({ DBProxyName: 'front' }))
  expect(Targets).toMatchObject([
    { RdsResourceId: 'summit-prod', Type: 'RDS_INSTANCE', TargetHealth: { State: 'AVAILABLE' } },
  ])
  const { TargetGroups } = await client.send(new DescribeDBProxyTargetGroupsCommand({ DBProxyName: 'front' }))
  expect(TargetGroups).toMatchObject([{ DBProxyName: 'front', TargetGroupName: 'default', IsDefault: true }])
})

test('a proxy in front of a cluster tells the cluster and its instances', async () => {
  const { client, simulator } = scene
  simulator.addProxy({ name: 'aurora-front', targetId: 'summit-aurora' })
  const { Targets } = await client.send(new DescribeDBProxyTargetsCommand({ DBProxyName: 'aurora-front' }))
  expect(Targets?.map(({ Type, RdsResourceId, TrackedClusterId }) => [Type, RdsResourceId, TrackedClusterId])).toEqual([
    ['TRACKED_CLUSTER', 'summit-aurora', 'summit-aurora'],
    ['RDS_INSTANCE', 'summit-aurora-a', 'summit-aurora'],
    ['RDS_INSTANCE', 'summit-aurora-b', 'summit-aurora'],
  ])
})

test('an unknown proxy or target group is not found', async () => {
  const { client } = scene
  await expect(client.send(new DescribeDBProxyTargetsCommand({ DBProxyName: 'none' }))).rejects.toBeInstanceOf(
    DBProxyNotFoundFault,
  )
  scene.simulator.addProxy({ name: 'known', targetId: 'summit-prod' })
  const command = new DescribeDBProxyTargetsCommand({ DBProxyName: 'known', TargetGroupName: 'other' })
  await expect(client.send(command)).rejects.toBeInstanceOf(DBProxyTargetGroupNotFoundFault)
})

test('a blue-green deployment is found by its source and by its identifier', async () => {
  const { client, simulator } = scene
  const id = simulator.addBlueGreenDeployment({ name: 'upgrade', sourceId: 'summit-prod' })
  const { DBInstanceArn = '' } = await instanceOf(client, 'summit-prod')
  const find = async (value: string) => {
    const Filters = [{ Name: 'source', Values: [value] }]
    return (await client.send(new DescribeBlueGreenDeploymentsCommand({ Filters }))).BlueGreenDeployments
  }
  expect(await find(DBInstanceArn)).toMatchObject([
    { BlueGreenDeploymentIdentifier: id, Status: 'AVAILABLE', Source: DBInstanceArn },
  ])
  expect(await find('arn:aws:rds:us-east-1:123456789012:db:other')).toEqual([])
  const known = await client.send(new DescribeBlueGreenDeploymentsCommand({ BlueGreenDeploymentIdentifier: id }))
  expect(known.BlueGreenDeployments).toHaveLength(1)
  const unknown = client.send(new DescribeBlueGreenDeploymentsCommand({ BlueGreenDeploymentIdentifier: 'bgd-none' }))
  expect(await refusal(unknown)).toMatch(/^BlueGreenDeploymentNotFoundFault/)
})

test('tags are added, replaced and listed, also in Describe answers', async () => {
  const { client } = scene
  const { DBInstanceArn: ResourceName = '' } = await instanceOf(client, 'summit-prod')
  await client.send(
    new AddTagsToResourceCommand({
      ResourceName,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '1' },
      ],
    }),
  )
  await client.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'b', Value: '2' }] }))
  const { TagList } = await client.send(new ListTagsForResourceCommand({ ResourceName }))
  expect(TagList).toEqual([
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ])
  expect((await instanceOf(client, 'summit-prod')).TagList).toEqual(TagList)
  expect(await refusal(client.send(new ListTagsForResourceCommand({ ResourceName: `${ResourceName}x` })))).toMatch(
    /^DBInstanceNotFoundFault/,
  )
  const bad = client.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'a', Value: 'x,y' }] }))
  expect(await refusal(bad)).toMatch(/^InvalidParameterValue/)
})

test('quotas are counted, told and kept', async () => {
  const { client } = scene
  const take = (id: string) =>
    client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'summit-prod', DBSnapshotIdentifier: id }))
  await take('first')
  const refused = take('second')
  await expect(refused).rejects.toBeInstanceOf(SnapshotQuotaExceededFault)
  expect(await refusal(refused)).toBe('SnapshotQuotaExceededFault: Cannot create more than 1 manual snapshots')
  const wish = {
    DBInstanceIdentifier: 'fourth',
    DBInstanceClass: 'db.t4g.micro',
    Engine: 'postgres',
    MasterUsername: 'postgres',
  }
  await expect(client.send(new CreateDBInstanceCommand(wish))).rejects.toBeInstanceOf(InstanceQuotaExceededFault)
  const { AccountQuotas } = await client.send(new DescribeAccountAttributesCommand({}))
  expect(AccountQuotas).toEqual(
    expect.arrayContaining([
      { AccountQuotaName: 'ManualSnapshots', Used: 1, Max: 1 },
      { AccountQuotaName: 'DBInstances', Used: 3, Max: 3 },
      { AccountQuotaName: 'ManualClusterSnapshots', Used: 0, Max: 100 },
    ]),
  )
})

test("distinguishes every kind of host by addresses in Amazon's form", async () => {
  const { client, simulator } = scene
  const hash = 'c7rdssimul8r.us-east-1.rds.amazonaws.com'
  expect((await instanceOf(client, 'summit-prod')).Endpoint?.Address).toBe(`summit-prod.${hash}`)
  const { DBClusters } = await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'summit-aurora' }))
  expect(DBClusters).toMatchObject([
    { Endpoint: `summit-aurora.cluster-${hash}`, ReaderEndpoint: `summit-aurora.cluster-ro-${hash}` },
  ])
  expect(simulator.addClusterEndpoint({ id: 'reports', clusterId: 'summit-aurora' })).toBe(
    `reports.cluster-custom-${hash}`,
  )
  expect(simulator.addProxy({ name: 'outer', targetId: 'summit-prod' })).toBe(`outer.proxy-${hash}`)
})

test('an action that the simulator does not know is refused as unknown', async () => {
  const command = new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier: 'a', TargetDBSnapshotIdentifier: 'b' })
  expect(await refusal(scene.client.send(command))).toBe(
    'InvalidAction: Could not find operation CopyDBSnapshot for version 2014-10-31',
  )
})

test('two simulators know nothing of each other', async () => {
  const other = await createSimulator({ region: 'eu-central-1' })
  try {
    expect(await refusal(instanceOf(clientOf(other), 'summit-prod'))).toMatch(/^DBInstanceNotFoundFault/)
  } finally {
    await other.close()
    await other.close()
  }
})
