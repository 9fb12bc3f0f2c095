import {
  CreateDBInstanceCommand,
  DBInstanceAlreadyExistsFault,
  DBInstanceNotFoundFault,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBInstances,
} from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import {
  availableInstance,
  clientOf,
  connect,
  instanceOf,
  refusal,
  sharedScene,
  until,
  urlOf,
} from '../support/scene.ts'

const scene = sharedScene({ quotas: { instances: 40 } }, async (simulator) => {
  await simulator.addInstance({
    id: 'summit-prod',
    databaseName: 'app',
    securityGroups: ['sg-1', 'sg-2'],
    parameterGroup: 'tuned',
    tags: { team: 'data' },
  })
})

test('an added instance is available, and its endpoint is a real PostgreSQL', async () => {
  const instance = await instanceOf(scene.client, 'summit-prod')
  expect(instance).toMatchObject({
    DBInstanceIdentifier: 'summit-prod',
    DBInstanceStatus: 'available',
    Engine: 'postgres',
    EngineVersion: '18.4',
    DBName: 'app',
    MultiAZ: false,
    Endpoint: { Address: '127.0.0.1' },
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }, { VpcSecurityGroupId: 'sg-2' }],
    DBParameterGroups: [{ DBParameterGroupName: 'tuned' }],
    DBInstanceArn: 'arn:aws:rds:us-east-1:123456789012:db:summit-prod',
    TagList: [{ Key: 'team', Value: 'data' }],
  })
  expect(instance.DBClusterIdentifier).toBeUndefined()
  expect(instance.InstanceCreateTime).toBeInstanceOf(Date)
  const [row] = await connect(urlOf(instance))`SELECT current_database() AS name, version() AS version`
  expect(row).toMatchObject({ name: 'app', version: expect.stringContaining('PostgreSQL 18.4') })
})

test('an instance is found by its name in any case, by its ARN and by its resource id', async () => {
  const { DBInstanceArn = '', DbiResourceId = '' } = await instanceOf(scene.client, 'SUMMIT-prod')
  expect((await instanceOf(scene.client, DBInstanceArn)).DBInstanceIdentifier).toBe('summit-prod')
  const filter = { Filters: [{ Name: 'dbi-resource-id', Values: [DbiResourceId] }] }
  const { DBInstances } = await scene.client.send(new DescribeDBInstancesCommand(filter))
  expect(DBInstances?.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toEqual(['summit-prod'])
})

test('an unknown instance is not found, nor is a known one in another region', async () => {
  const call = scene.client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'nowhere' }))
  await expect(call).rejects.toBeInstanceOf(DBInstanceNotFoundFault)
  await expect(call).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
    message: 'DBInstance nowhere not found.',
  })
  const elsewhere = clientOf({ url: scene.simulator.url, region: 'eu-west-1' })
  await expect(instanceOf(elsewhere, 'summit-prod')).rejects.toBeInstanceOf(DBInstanceNotFoundFault)
  expect((await elsewhere.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
})

test('a created instance is creating without an endpoint, then available with one, and goes with its data', async () => {
  const { client } = scene
  const wish = {
    DBInstanceIdentifier: 'created',
    DBInstanceClass: 'db.t4g.micro',
    Engine: 'postgres',
    DBName: 'app',
    MasterUsername: 'chief',
    MasterUserPassword: `it's "so" secret\\`,
  }
  const { DBInstance } = await client.send(new CreateDBInstanceCommand(wish))
  expect(DBInstance).toMatchObject({ DBInstanceStatus: 'creating', MasterUsername: 'chief' })
  expect(DBInstance?.Endpoint).toBeUndefined()
  await expect(client.send(new CreateDBInstanceCommand(wish))).rejects.toBeInstanceOf(DBInstanceAlreadyExistsFault)
  const { Endpoint } = await availableInstance(client, 'created')
  const password = encodeURIComponent(wish.MasterUserPassword)
  const sql = connect(`postgresql://chief:${password}@127.0.0.1:${Endpoint?.Port}/app`)
  expect(await sql`SELECT current_user`).toEqual([{ current_user: 'chief' }])
  expect(JSON.stringify(scene.simulator.requests)).not.toContain('secret')

  const deleted = await client.send(
    new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'created', SkipFinalSnapshot: true }),
  )
  expect(deleted.DBInstance?.DBInstanceStatus).toBe('deleting')
  await until(
    () => refusal(instanceOf(client, 'created')),
    (said) => said.startsWith('DBInstanceNotFoundFault'),
  )
  await expect(sql`SELECT 1`).rejects.toThrow()
})

test('deleting wants a word about a final snapshot, and takes it', async () => {
  const { client, simulator } = scene
  await simulator.addInstance({ id: 'leaving' })
  expect(await refusal(client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'leaving' })))).toBe(
    'InvalidParameterCombination: FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
  )
  const final = { DBInstanceIdentifier: 'leaving', FinalDBSnapshotIdentifier: 'leaving-final' }
  expect(await refusal(client.send(new DeleteDBInstanceCommand({ ...final, SkipFinalSnapshot: true })))).toMatch(
    /^InvalidParameterCombination/,
  )
  await client.send(new DeleteDBInstanceCommand(final))
  const { DBSnapshots } = await client.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: 'leaving' }))
  expect(DBSnapshots?.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual(['leaving-final'])
})

test('a protected instance is not deleted', async () => {
  const { client, simulator } = scene
  await simulator.addInstance({ id: 'guarded', deletionProtection: true })
  const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'guarded', SkipFinalSnapshot: true })
  expect(await refusal(client.send(command))).toMatch(
    /^InvalidParameterCombination: Cannot delete protected DB Instance/,
  )
})

test('what is modified is seen: groups at once, class and Multi-AZ when they may be applied, a new name with its data', async () => {
  const { client, simulator } = scene
  const { databaseUrl } = await simulator.addInstance({ id: 'changing', databaseName: 'app' })
  await connect(databaseUrl)`CREATE TABLE kept ()`
  const wish = {
    DBInstanceIdentifier: 'changing',
    VpcSecurityGroupIds: ['sg-9'],
    DBParameterGroupName: 'tuned',
    MultiAZ: true,
  }
  const { DBInstance } = await client.send(new ModifyDBInstanceCommand(wish))
  expect(DBInstance).toMatchObject({
    DBInstanceStatus: 'modifying',
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-9' }],
    DBParameterGroups: [{ DBParameterGroupName: 'tuned' }],
    MultiAZ: false,
    PendingModifiedValues: { MultiAZ: true },
  })
  await availableInstance(client, 'changing')
  await client.send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: 'changing',
      NewDBInstanceIdentifier: 'Changed',
      ApplyImmediately: true,
    }),
  )
  expect(await refusal(instanceOf(client, 'changing'))).toMatch(/^DBInstanceNotFoundFault/)
  const changed = await availableInstance(client, 'changed')
  expect(changed).toMatchObject({ MultiAZ: true, DBInstanceArn: 'arn:aws:rds:us-east-1:123456789012:db:changed' })
  expect(await connect(urlOf(changed))`SELECT to_regclass('kept')::text AS kept`).toEqual([{ kept: 'kept' }])
})

test('a new master password is the one that works', async () => {
  const { client, simulator } = scene
  const { port } = await simulator.addInstance({ id: 'rekeyed' })
  await client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'rekeyed', MasterUserPassword: 'another-one' }))
  await expect(connect(`postgresql://postgres:postgres@127.0.0.1:${port}/postgres`)`SELECT 1`).rejects.toThrow(
    'password',
  )
  expect(await connect(`postgresql://postgres:another-one@127.0.0.1:${port}/postgres`)`SELECT 1 AS one`).toEqual([
    { one: 1 },
  ])
})

test.each(['1st', 'a_b', 'a--b', 'a-', 'a'.repeat(64)])('refuses to create an instance called %s', async (id) => {
  const wish = {
    DBInstanceIdentifier: id,
    DBInstanceClass: 'db.t4g.micro',
    Engine: 'postgres',
    MasterUsername: 'postgres',
  }
  expect(await refusal(scene.client.send(new CreateDBInstanceCommand(wish)))).toMatch(/^InvalidParameterValue/)
})

test('pages of instances follow one another: the client of a cluster with many members gets them all', async () => {
  const { client, simulator } = scene
  const members = Array.from({ length: 23 }, (_, index) => `member-${index}`)
  await simulator.addCluster({ id: 'wide', members })
  const seen: (string | undefined)[] = []
  let pages = 0
  for await (const page of paginateDescribeDBInstances({ client, pageSize: 20 }, {})) {
    pages += 1
    seen.push(...(page.DBInstances ?? []).map(({ DBInstanceIdentifier }) => DBInstanceIdentifier))
  }
  expect(pages).toBe(2)
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toEqual(expect.arrayContaining([...members, 'summit-prod']))
})
