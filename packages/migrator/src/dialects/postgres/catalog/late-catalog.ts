import { once } from '../../../core/once.ts'
import type { Catalog } from '../../../ports/catalog.ts'
import type { OwnObjects } from './scope.ts'

/** The catalog's reader, loaded when it is first asked: a command with nothing to do needs none of its twenty files. */
export function lateCatalog(own: OwnObjects): Catalog {
  const loaded = once(async () => (await import('./index.ts')).createCatalog(own))
  return {
    snapshot: async (on) => (await loaded()).snapshot(on),
    digest: async (on) => (await loaded()).digest(on),
    fingerprint: async (on) => (await loaded()).fingerprint(on),
    fingerprintOf: async (snapshot) => (await loaded()).fingerprintOf(snapshot),
    invalidIndexes: async (on) => (await (await loaded()).invalidIndexes?.(on)) ?? [],
    holdsData: async (on, object) => (await loaded()).holdsData(on, object),
  }
}
