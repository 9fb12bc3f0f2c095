import {
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DBClusterAlreadyExistsFault,
  DBClusterNotFoundFault,
  DBClusterSnapshotAlreadyExistsFault,
  DBClusterSnapshotNotFoundFault,
  DeleteDBClusterCommand,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBClusterEndpointsCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RestoreDBClusterFromSnapshotCommand,
} from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import {
  availableCluster,
  availableClusterSnapshot,
  availableInstance,
  clusterSnapshotOf,
  connect,
  instanceOf,
  refusal,
  sharedScene,
  until,
  urlOf,
} from '../support/scene.ts'

const scene = sharedScene({}, async (simulator) => {
  await simulator.addCluster({
    id: 'summit-aurora',
    databaseName: 'app',
    members: ['summit-aurora-a', 'summit-aurora-b'],
    securityGroups: ['sg-prod'],
    tags: { team: 'data' },
  })
})

const take = (id: string, cluster = 'summit-aurora') =>
  scene.client.send(
    new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: cluster,
      DBClusterSnapshotIdentifier: id,
      Tags: [{ Key: 'tool', Value: 'x' }],
    }),
  )

const restore = async (snapshot: string, id: string) => {
  const wish = { DBClusterIdentifier: id, SnapshotIdentifier: snapshot, Engine: 'aurora-postgresql' }
  return (await scene.client.send(new RestoreDBClusterFromSnapshotCommand(wish))).DBCluster
}

const addMember = (id: string, cluster: string) =>
  scene.client.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: id,
      DBInstanceClass: 'db.r6g.large',
      Engine: 'aurora-postgresql',
      DBClusterIdentifier: cluster,
    }),
  )

test('an Aurora cluster has a writer and readers, and all of its endpoints lead to its one PostgreSQL', async () => {
  const { client, simulator } = scene
  simulator.addClusterEndpoint({ id: 'reports', clusterId: 'summit-aurora', type: 'READER' })
  const cluster = await availableCluster(client, 'summit-aurora')
  expect(cluster).toMatchObject({
    Engine: 'aurora-postgresql',
    DatabaseName: 'app',
    Endpoint: '127.0.0.1',
    ReaderEndpoint: 'localhost',
    CustomEndpoints: ['127.0.0.1'],
    DBClusterMembers: [
      { DBInstanceIdentifier: 'summit-aurora-a', IsClusterWriter: true },
      { DBInstanceIdentifier: 'summit-aurora-b', IsClusterWriter: false },
    ],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-prod' }],
    TagList: [{ Key: 'team', Value: 'data' }],
  })
  const command = new DescribeDBClusterEndpointsCommand({ DBClusterIdentifier: 'summit-aurora' })
  const { DBClusterEndpoints = [] } = await client.send(command)
  expect(
    DBClusterEndpoints.map(({ EndpointType, DBClusterEndpointIdentifier }) => [
      EndpointType,
      DBClusterEndpointIdentifier,
    ]),
  ).toEqual([
    ['CUSTOM', 'reports'],
    ['READER', undefined],
    ['WRITER', undefined],
  ])
  for (const { Endpoint } of DBClusterEndpoints) {
    expect(await connect(`postgresql://postgres:postgres@${Endpoint}:${cluster.Port}/app`)`SELECT 1 AS one`).toEqual([
      { one: 1 },
    ])
  }
})

test('endpoints are found by type and by identifier', async () => {
  const { client, simulator } = scene
  simulator.addClusterEndpoint({ id: 'exports', clusterId: 'summit-aurora' })
  const Filters = [{ Name: 'db-cluster-endpoint-type', Values: ['writer'] }]
  const writers = await client.send(new DescribeDBClusterEndpointsCommand({ Filters }))
  expect(writers.DBClusterEndpoints).toMatchObject([{ DBClusterIdentifier: 'summit-aurora', EndpointType: 'WRITER' }])
  const named = await client.send(new DescribeDBClusterEndpointsCommand({ DBClusterEndpointIdentifier: 'exports' }))
  expect(named.DBClusterEndpoints).toMatchObject([{ CustomEndpointType: 'ANY', EndpointType: 'CUSTOM' }])
})

test('members name their cluster, are found by it, and cannot be snapshotted individually', async () => {
  const { client } = scene
  expect(await instanceOf(client, 'summit-aurora-a')).toMatchObject({
    DBClusterIdentifier: 'summit-aurora',
    Engine: 'aurora-postgresql',
  })
  const Filters = [{ Name: 'db-cluster-id', Values: ['arn:aws:rds:us-east-1:123456789012:cluster:summit-aurora'] }]
  const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ Filters }))
  expect(DBInstances).toHaveLength(2)
  const command = new CreateDBSnapshotCommand({
    DBInstanceIdentifier: 'summit-aurora-a',
    DBSnapshotIdentifier: 'member',
  })
  expect(await refusal(client.send(command))).toBe(
    'InvalidParameterValue: The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.',
  )
})

test('a restored cluster takes no connection before it has an instance; then it has the rows of the snapshot and no later ones', async () => {
  const { client } = scene
  const source = connect(urlOf(await instanceOf(client, 'summit-aurora-a')))
  await source`CREATE TABLE visits AS SELECT generate_series(1, 500) AS id`
  const { DBClusterSnapshot } = await take('aurora-before')
  expect(DBClusterSnapshot).toMatchObject({
    Status: 'creating',
    PercentProgress: 0,
    TagList: [{ Key: 'tool', Value: 'x' }],
  })
  await source`INSERT INTO visits VALUES (501)`
  await availableClusterSnapshot(client, 'aurora-before')

  expect(await restore('aurora-before', 'restored')).toMatchObject({ Status: 'creating', DBClusterMembers: [] })
  const { DBClusterMembers, Port, VpcSecurityGroups } = await availableCluster(client, 'restored')
  expect(DBClusterMembers).toEqual([])
  expect(VpcSecurityGroups).toMatchObject([{ VpcSecurityGroupId: 'sg-default00000000' }])
  await expect(connect(`postgresql://postgres:postgres@127.0.0.1:${Port}/app`)`SELECT 1`).rejects.toThrow(
    'ECONNREFUSED',
  )

  await addMember('restored-1', 'restored')
  const restored = connect(urlOf(await availableInstance(client, 'restored-1')))
  expect(await restored`SELECT count(*)::int, max(id) FROM visits`).toEqual([{ count: 500, max: 500 }])
  expect((await availableCluster(client, 'restored')).DBClusterMembers).toMatchObject([{ IsClusterWriter: true }])
})

test('a cluster without its last instance keeps its data: a new one finds them, a final snapshot has them', async () => {
  const { client, simulator } = scene
  const { databaseUrl } = await simulator.addCluster({ id: 'resting', databaseName: 'app' })
  const sql = connect(databaseUrl)
  await sql`CREATE TABLE kept AS SELECT 7 AS value`
  const remove = new DeleteDBClusterCommand({
    DBClusterIdentifier: 'resting',
    FinalDBSnapshotIdentifier: 'resting-final',
  })
  expect(await refusal(client.send(remove))).toMatch(
    /^InvalidDBClusterStateFault: Cluster cannot be deleted, it still contains/,
  )
  await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'resting-1', SkipFinalSnapshot: true }))
  await addMember('resting-2', 'resting')
  expect(await connect(urlOf(await availableInstance(client, 'resting-2')))`SELECT value FROM kept`).toEqual([
    { value: 7 },
  ])

  await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'resting-2', SkipFinalSnapshot: true }))
  await client.send(remove)
  await until(
    () => refusal(client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'resting' }))),
    (said) => said.startsWith('DBClusterNotFoundFault'),
  )
  await availableClusterSnapshot(client, 'resting-final')
  await restore('resting-final', 'risen')
  await availableCluster(client, 'risen')
  await addMember('risen-1', 'risen')
  expect(await connect(urlOf(await availableInstance(client, 'risen-1')))`SELECT value FROM kept`).toEqual([
    { value: 7 },
  ])
})

test('a member that is renamed keeps its place in the cluster', async () => {
  const { client } = scene
  const wish = {
    DBInstanceIdentifier: 'summit-aurora-b',
    NewDBInstanceIdentifier: 'summit-aurora-c',
    ApplyImmediately: true,
  }
  await client.send(new ModifyDBInstanceCommand(wish))
  expect((await availableCluster(client, 'summit-aurora')).DBClusterMembers).toMatchObject([
    { DBInstanceIdentifier: 'summit-aurora-a' },
    { DBInstanceIdentifier: 'summit-aurora-c', IsClusterWriter: false },
  ])
})

test('what cannot be is refused with the codes of RDS', async () => {
  const { client, simulator } = scene
  simulator.fault({ kind: 'snapshot-never-finishes', times: 1 })
  await take('taken')
  await expect(take('Taken')).rejects.toBeInstanceOf(DBClusterSnapshotAlreadyExistsFault)
  await expect(take('a', 'unknown')).rejects.toBeInstanceOf(DBClusterNotFoundFault)
  await expect(clusterSnapshotOf(client, 'unknown')).rejects.toBeInstanceOf(DBClusterSnapshotNotFoundFault)
  await expect(restore('unknown', 'a')).rejects.toBeInstanceOf(DBClusterSnapshotNotFoundFault)
  expect(await refusal(restore('taken', 'too-early'))).toMatch(/^InvalidDBClusterSnapshotStateFault: Cannot restore/)
  expect(
    await refusal(client.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 'taken' }))),
  ).toMatch(/^InvalidDBClusterSnapshotStateFault: Cannot delete/)
  await take('finished')
  await availableClusterSnapshot(client, 'finished')
  await expect(restore('finished', 'summit-aurora')).rejects.toBeInstanceOf(DBClusterAlreadyExistsFault)
  expect(await refusal(addMember('stray', 'unknown'))).toMatch(/^DBClusterNotFoundFault/)
})

test.each(['pre_rollback', 'a'.repeat(64), 'pre-'])('refuses a cluster snapshot called %s', async (id) => {
  expect(await refusal(take(id))).toMatch(/^InvalidParameterValue: The parameter DBClusterSnapshotIdentifier/)
})

test('cluster snapshots are listed by cluster, and deleted', async () => {
  const { client, simulator } = scene
  await simulator.addCluster({ id: 'listed' })
  await take('listed-a', 'listed')
  await take('listed-b', 'listed')
  await availableClusterSnapshot(client, 'listed-b')
  const list = async () => {
    const { DBClusterSnapshots } = await client.send(
      new DescribeDBClusterSnapshotsCommand({ DBClusterIdentifier: 'listed' }),
    )
    return DBClusterSnapshots?.map(({ DBClusterSnapshotIdentifier }) => DBClusterSnapshotIdentifier)
  }
  expect(await list()).toEqual(['listed-a', 'listed-b'])
  await client.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 'listed-b' }))
  expect(await list()).toEqual(['listed-a'])
})
