import { compareText } from './migration.ts'

/** One object's properties by name; a property that is absent has its default, or does not apply. */
export type ObjectProperties = Readonly<Record<string, string>>

/** Stands for a value that this role may not read, and so equals every other one. */
export const UNREADABLE = '(not readable by this role)'

/**
 * Everything that a catalog holds: object (`index public.events_by_day`, see catalog-identity.ts) to its properties.
 * Equal on PostgreSQL 14 to 18 wherever the same SQL was applied.
 */
export interface CatalogSnapshot {
  readonly [identity: string]: ObjectProperties
}

/**
 * A snapshot without what differs from server to server although the same migrations made it, for comparing one
 * database with another: the name of the role that owns most of it (a scratch database's superuser here, the
 * application's role there), who may create in `public` by default (since 15 nobody), extensions' versions, and the names of
 * NOT NULL constraints, which only PostgreSQL 18 keeps and pg_upgrade makes anew.
 */
export function portable(snapshot: CatalogSnapshot): CatalogSnapshot {
  const owner = mainOwnerOf(snapshot)
  const portable: Record<string, ObjectProperties> = {}
  for (const object in snapshot) portable[object] = portableProperties(object, snapshot[object] ?? {}, owner)
  return portable
}

/** One text of all properties, in an order that does not depend on how they were read: what a digest is made of. */
export function canonicalText(properties: ObjectProperties): string {
  const names = Object.keys(properties).sort()
  return JSON.stringify(names.map((name) => [name, properties[name]]))
}

function portableProperties(object: string, properties: ObjectProperties, owner: string | undefined): ObjectProperties {
  if (properties['not null name'] !== undefined) {
    const { 'not null name': _, ...rest } = properties
    return rest
  }
  if (!/^(?:schema|extension|default privileges) /.test(object)) {
    if (properties.owner === undefined || properties.owner !== owner) return properties
    const { owner: _, ...rest } = properties
    return rest
  }
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name, value]) => !isLocal(object, name) && !(name === 'owner' && value === owner))
      .map(([name, value]) => [withoutOwner(name, owner), value]),
  )
}

/** The role that owns most of it. */
export function mainOwnerOf(snapshot: CatalogSnapshot): string | undefined {
  const counts = new Map<string, number>()
  for (const { owner } of Object.values(snapshot)) if (owner) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  const [main] = [...counts].sort(([left, leftCount], [right, rightCount]) =>
    leftCount === rightCount ? compareText(left, right) : rightCount - leftCount,
  )
  return main?.[0]
}

function isLocal(object: string, property: string): boolean {
  if (object === 'schema public')
    return property === 'owner' || property === 'comment' || property === 'grants to PUBLIC'
  return object.startsWith('extension ') && (property === 'version' || property === 'comment')
}

/** Default privileges are kept by the role whose objects they are for. */
function withoutOwner(property: string, owner: string | undefined): string {
  const head = `of ${owner} `
  return owner !== undefined && property.startsWith(head) ? `of owner ${property.slice(head.length)}` : property
}
