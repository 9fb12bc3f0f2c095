import type { Database, Session } from '../ports.ts'

/** A session that is opened when it is first asked for, and anew when it was lost or could not be opened. */
export function lateSession(database: Pick<Database, 'connect'>): () => Promise<Session> {
  let opened: Promise<Session> | undefined
  let lost = () => false
  return () => {
    if (!opened || lost()) {
      lost = () => false
      opened = database.connect({ modules: false })
      opened.then(
        (session) => {
          lost = () => session.isLost
        },
        () => {
          opened = undefined
        },
      )
    }
    return opened
  }
}
