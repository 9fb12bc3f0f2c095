import type { Condition } from './condition.ts'
import type { Server } from './postgres/servers.ts'
import type { Snapshot } from './snapshot.ts'
import type { Tags } from './wire/tags.ts'

/** What an instance and a cluster have in common. Records are never changed, only replaced in their map. */
export interface Resource {
  readonly id: string
  readonly arn: string
  /** `db-…` or `cluster-…`: stays when the identifier changes. */
  readonly resourceId: string
  readonly createdAt: Date
  readonly condition: Condition
  readonly server: Server
  readonly masterUsername: string
  readonly databaseName: string | undefined
  readonly securityGroups: readonly string[]
  readonly parameterGroup: string
  readonly subnetGroup: string
  readonly tags: Tags
  readonly settings: Settings
}

/** What the simulator keeps, hands back and otherwise takes no notice of. */
export interface Settings {
  readonly deletionProtection: boolean
  readonly copyTagsToSnapshot: boolean
  readonly iamAuthentication: boolean
  readonly publiclyAccessible: boolean
  readonly backupRetentionDays: number
  readonly storageType: string
  readonly allocatedStorageGb: number
}

export interface Instance extends Resource {
  readonly instanceClass: string
  readonly multiAz: boolean
  readonly availabilityZone: string
  /** A member of an Aurora cluster shares the cluster's server. */
  readonly clusterId: string | undefined
  readonly promotionTier: number
  /** Changes that wait for a maintenance window, which never comes here, or for ApplyImmediately. */
  readonly pending: { readonly multiAz?: boolean; readonly instanceClass?: string }
}

/** Its server runs while it has an instance. The first of `members` is the writer. */
export interface Cluster extends Resource {
  readonly members: readonly string[]
}

export interface CustomEndpoint {
  readonly id: string
  readonly clusterId: string
  readonly type: 'READER' | 'ANY'
  readonly members: readonly string[]
}

export interface DbProxy {
  readonly name: string
  /** An instance's or a cluster's identifier. */
  readonly target: { readonly kind: 'instance' | 'cluster'; readonly id: string }
  readonly createdAt: Date
}

export interface BlueGreenDeployment {
  readonly id: string
  readonly name: string
  readonly sourceArn: string
  readonly targetArn: string | undefined
  readonly status: string
  readonly createdAt: Date
  readonly tags: Tags
}

export interface Quotas {
  readonly instances: number
  readonly clusters: number
  readonly manualSnapshots: number
  readonly manualClusterSnapshots: number
}

/** Everything of one region: no other region sees it. */
export interface Account {
  readonly region: string
  readonly quotas: Quotas
  readonly instances: Map<string, Instance>
  readonly clusters: Map<string, Cluster>
  readonly snapshots: Map<string, Snapshot<Instance>>
  readonly clusterSnapshots: Map<string, Snapshot<Cluster>>
  readonly endpoints: Map<string, CustomEndpoint>
  readonly proxies: Map<string, DbProxy>
  readonly deployments: Map<string, BlueGreenDeployment>
  /** Identifiers of what is being made right now: `db:ID`, `cluster:ID`. */
  readonly reserved: Set<string>
}

export const defaultQuotas: Quotas = { instances: 40, clusters: 40, manualSnapshots: 100, manualClusterSnapshots: 100 }

export function emptyAccount(region: string, quotas: Quotas): Account {
  return {
    region,
    quotas,
    instances: new Map(),
    clusters: new Map(),
    snapshots: new Map(),
    clusterSnapshots: new Map(),
    endpoints: new Map(),
    proxies: new Map(),
    deployments: new Map(),
    reserved: new Set(),
  }
}

/** Replaces a record by what `change` makes of the one that is there now, if there is one. */
export function update<Item>(items: Map<string, Item>, id: string, change: (item: Item) => Item): void {
  const item = items.get(id)
  if (item !== undefined) items.set(id, change(item))
}
