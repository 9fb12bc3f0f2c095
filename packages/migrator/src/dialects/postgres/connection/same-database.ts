import { type Connection, placeText } from './connection.ts'

/** Whether two connection strings may lead to one database. */
export function mayBeSameDatabase(one: Connection, other: Connection): boolean {
  const places = new Set(other.targets.map(placeText))
  return one.database === other.database && one.targets.some((target) => places.has(placeText(target)))
}
