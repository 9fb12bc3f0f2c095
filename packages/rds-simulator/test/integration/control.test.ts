import {
  DescribeBlueGreenDeploymentsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBProxiesCommand,
} from '@aws-sdk/client-rds'
import { expect, test } from 'vitest'
import { connect, instanceOf, refusal, sharedScene } from '../support/scene.ts'

const scene = sharedScene({}, async (simulator) => {
  await simulator.addInstance({ id: 'summit-prod' })
})

async function call(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(`${scene.simulator.url}/_simulator${path}`, { method, ...init })
  return { status: response.status, json: await response.json() }
}

test('faults are set, listed and cleared', async () => {
  const fault = { kind: 'throttling', action: 'DescribeDBInstances', times: 1 }
  expect(await call('POST', '/faults', fault)).toEqual({ status: 200, json: [fault] })
  expect(await call('GET', '/faults')).toEqual({ status: 200, json: [fault] })
  expect(await refusal(instanceOf(scene.client, 'summit-prod'))).toBe('Throttling: Rate exceeded')
  expect((await call('GET', '/faults')).json).toEqual([])
  await call('POST', '/faults', { kind: 'expired-token' })
  await call('DELETE', '/faults')
  await instanceOf(scene.client, 'summit-prod')
})

test('what is no fault is refused with a word why, and sets nothing', async () => {
  expect(await call('POST', '/faults', { kind: 'throttling', time: 1 })).toMatchObject({
    status: 400,
    json: { error: expect.stringContaining('"time"') },
  })
  expect(await call('POST', '/faults', [])).toMatchObject({ status: 400 })
  const form = await fetch(`${scene.simulator.url}/_simulator/faults`, {
    method: 'POST',
    body: '{"kind":"throttling"}',
  })
  expect([form.status, await form.json()]).toEqual([400, { error: 'Send content-type: application/json.' }])
  expect(scene.simulator.faults).toEqual([])
})

test('an unknown path names the known ones', async () => {
  const { status, json } = await call('GET', '/nothing')
  expect(status).toBe(404)
  expect(json).toMatchObject({ routes: expect.arrayContaining(['POST /_simulator/faults']) })
})

test('requests are reported, and can be forgotten', async () => {
  await scene.client.send(new DescribeDBInstancesCommand({}))
  expect((await call('GET', '/requests')).json).toMatchObject([{ action: 'DescribeDBInstances', region: 'us-east-1' }])
  await call('DELETE', '/requests')
  expect((await call('GET', '/requests')).json).toEqual([])
})

test('instances, clusters and what surrounds them are added', async () => {
  const { client } = scene
  const added = await call('POST', '/instances', { id: 'added', databaseName: 'app', multiAz: true })
  const { databaseUrl } = added.json as { databaseUrl: string }
  expect(await connect(databaseUrl)`SELECT current_database() AS name`).toEqual([{ name: 'app' }])
  expect(await instanceOf(client, 'added')).toMatchObject({ MultiAZ: true, DBInstanceStatus: 'available' })
  expect(await call('POST', '/instances', { id: 'added' })).toEqual({
    status: 400,
    json: { error: 'DB instance already exists' },
  })

  await call('POST', '/clusters', { id: 'aurora' })
  await call('POST', '/cluster-endpoints', { id: 'reports', clusterId: 'aurora' })
  expect((await client.send(new DescribeDBClustersCommand({}))).DBClusters).toMatchObject([
    {
      DBClusterIdentifier: 'aurora',
      CustomEndpoints: ['127.0.0.1'],
      DBClusterMembers: [{ DBInstanceIdentifier: 'aurora-1' }],
    },
  ])
  await call('POST', '/proxies', { name: 'front', targetId: 'aurora' })
  expect((await client.send(new DescribeDBProxiesCommand({}))).DBProxies).toMatchObject([{ DBProxyName: 'front' }])
  const { json } = await call('POST', '/blue-green-deployments', {
    name: 'upgrade',
    sourceId: 'added',
    status: 'PROVISIONING',
  })
  expect((await client.send(new DescribeBlueGreenDeploymentsCommand({}))).BlueGreenDeployments).toMatchObject([
    {
      BlueGreenDeploymentIdentifier: (json as { id: string }).id,
      BlueGreenDeploymentName: 'upgrade',
      Status: 'PROVISIONING',
    },
  ])
  await call('POST', '/automated-snapshots', { instanceId: 'added' })
  expect((await call('GET', '')).json).toMatchObject({
    region: 'us-east-1',
    instances: expect.arrayContaining([expect.objectContaining({ id: 'added', status: 'available' })]),
    snapshots: [expect.stringMatching(/^rds:added-/)],
  })
})
