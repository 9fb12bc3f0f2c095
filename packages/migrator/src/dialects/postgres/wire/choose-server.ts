import type { Connection, Target } from '../connection/connection.ts'

/** Which of several servers an adapter works on. */
export interface ServerChoice {
  /** With all servers, until one is chosen. */
  current(): Connection
  /** With the one server that every session goes to: a lock on one server would protect nothing on another. */
  chosen(): Promise<Connection>
}

/** `reach` connects to the first server that will do, and tells which it was. A choice that failed is made again. */
export function serverChoice(connection: Connection, reach: (connection: Connection) => Promise<Target>): ServerChoice {
  let current = connection
  let choosing: Promise<void> | undefined
  const choose = async () => {
    const target = await reach(connection)
    current = { ...connection, targets: [target] }
  }
  return {
    current: () => current,
    async chosen() {
      if (current.targets.length > 1) {
        choosing ??= choose().finally(() => {
          choosing = undefined
        })
        await choosing
      }
      return current
    },
  }
}
