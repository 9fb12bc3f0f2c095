import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DBClusterSnapshot,
  type DBInstance,
  type DBSnapshot,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  type RDSClientConfig,
} from '@aws-sdk/client-rds'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest'
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/index.ts'

export interface Scene {
  readonly simulator: Simulator
  /** The real client, with one attempt a call unless told otherwise. */
  readonly client: RDSClient
}

/** One simulator for all tests of a file, without faults at the beginning of each; `set` puts in what they share. */
export function sharedScene(options: SimulatorOptions, set: (simulator: Simulator) => Promise<unknown>): Scene {
  const scene: { simulator?: Simulator; client?: RDSClient } = {}
  beforeAll(async () => {
    scene.simulator = await createSimulator(options)
    scene.client = clientOf(scene.simulator)
    await set(scene.simulator)
  })
  beforeEach(() => {
    scene.simulator?.clearFaults()
    scene.simulator?.clearRequests()
  })
  afterAll(async () => {
    scene.client?.destroy()
    await scene.simulator?.close()
  })
  return scene as Scene
}

export function clientOf({ url, region }: Pick<Simulator, 'url' | 'region'>, more: RDSClientConfig = {}): RDSClient {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'anything' }
  return new RDSClient({ endpoint: url, region, credentials, maxAttempts: 1, ...more })
}

/** A connection that ends with the test. */
export function connect(url: string): postgres.Sql {
  const sql = postgres(url, { max: 4, onnotice: () => {} })
  onTestFinished(() => sql.end({ timeout: 1 }))
  return sql
}

/** The URL of an instance as its Endpoint says. */
export function urlOf({ Endpoint }: DBInstance, database = 'app'): string {
  return `postgresql://postgres:postgres@${Endpoint?.Address}:${Endpoint?.Port}/${database}`
}

/** Asks until the answer is the one wanted; fails after ten seconds with the last answer. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    const answer = await ask()
    if (wanted(answer)) return answer
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`)
  }
}

export async function instanceOf(client: RDSClient, id: string): Promise<DBInstance> {
  const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))
  return only(DBInstances)
}

export async function snapshotOf(client: RDSClient, id: string): Promise<DBSnapshot> {
  const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))
  return only(DBSnapshots)
}

export async function clusterSnapshotOf(client: RDSClient, id: string): Promise<DBClusterSnapshot> {
  const command = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id })
  return only((await client.send(command)).DBClusterSnapshots ?? [])
}

export const availableInstance = (client: RDSClient, id: string) =>
  until(
    () => instanceOf(client, id),
    ({ DBInstanceStatus }) => DBInstanceStatus === 'available',
  )

export const availableSnapshot = (client: RDSClient, id: string) =>
  until(
    () => snapshotOf(client, id),
    ({ Status }) => Status === 'available',
  )

export const availableClusterSnapshot = (client: RDSClient, id: string) =>
  until(
    () => clusterSnapshotOf(client, id),
    ({ Status }) => Status === 'available',
  )

export const availableCluster = (client: RDSClient, id: string) =>
  until(
    async () => only((await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }))).DBClusters ?? []),
    ({ Status }) => Status === 'available',
  )

/** `name: message` of what a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
  return 'not refused'
}

function only<T>(items: readonly T[]): T {
  const [item, ...more] = items
  if (item === undefined || more.length > 0) throw new Error(`${items.length} instead of one`)
  return item
}
