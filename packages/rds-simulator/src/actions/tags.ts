import { update } from '../account.ts'
import type { ArnKind } from '../naming.ts'
import { RdsError } from '../wire/error.ts'
import { type Params, required } from '../wire/params.ts'
import { readTags, type Tags, tagList } from '../wire/tags.ts'
import type { XmlObject } from '../wire/xml.ts'
import type { World } from '../world.ts'

interface Tagged {
  readonly tags: Tags
}

/** New values replace those of the same keys. */
export function addTagsToResource(params: Params, world: World): XmlObject {
  const { items, id } = find(params, world)
  const added = readTags(params)
  update(items, id, (item) => ({ ...item, tags: new Map([...item.tags, ...added]) }))
  return {}
}

export function listTagsForResource(params: Params, world: World): XmlObject {
  const { items, id } = find(params, world)
  return { TagList: tagList(items.get(id)?.tags ?? new Map()) }
}

const notFound = {
  db: 'DBInstanceNotFound',
  cluster: 'DBClusterNotFoundFault',
  snapshot: 'DBSnapshotNotFound',
  'cluster-snapshot': 'DBClusterSnapshotNotFoundFault',
  deployment: 'BlueGreenDeploymentNotFoundFault',
} as const satisfies Partial<Record<ArnKind, string>>

function find(params: Params, { account }: World): { items: Map<string, Tagged>; id: string } {
  const arn = required(params, 'ResourceName')
  const [, region, kind, id] = /^arn:aws:rds:([^:]+):\d{12}:([^:]+):(.+)$/.exec(arn) ?? []
  if (kind === undefined || id === undefined || !(kind in notFound)) {
    throw new RdsError('InvalidParameterValue', `Invalid resource name: ${arn}`)
  }
  const table: Record<keyof typeof notFound, Map<string, unknown>> = {
    db: account.instances,
    cluster: account.clusters,
    snapshot: account.snapshots,
    'cluster-snapshot': account.clusterSnapshots,
    deployment: account.deployments,
  }
  const key = kind as keyof typeof notFound
  const items = table[key] as Map<string, Tagged>
  if (region === account.region && items.has(id)) return { items, id }
  throw new RdsError(notFound[key], `The specified resource name does not match an RDS resource in this region: ${arn}`)
}
