import type { DatabaseLocation } from '../../../ports/location.ts'
import { type Connection, isContainer, isLocal, type Target } from './connection.ts'

/** Where a connection leads, safe to print. It is local only where every server that it may come to is. */
export function locationOf({ targets, database, user }: Connection, target = targets[0] ?? NOWHERE): DatabaseLocation {
  return {
    host: target.address,
    port: target.port,
    database,
    user,
    local: targets.every(isLocal),
    container: targets.every(isContainer),
  }
}

/** Never used: a connection has a target. */
const NOWHERE: Target = { host: '', address: '', port: 0 }
