import { readFileSync, statSync } from 'node:fs'
import type { Connection } from '../connection/connection.ts'
import { passwordIn } from '../connection/pass-file.ts'
import { nameOfUser } from './driver-client.ts'
import { passwordEnvironment } from './env.ts'

/**
 * The connection with what the password file knows of its servers, where neither the connection string nor PGPASSWORD has a
 * password. A file that others may read is left alone, with a notice, as in libpq.
 * https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export function withPassFile(connection: Connection): Connection {
  if (connection.password !== '' || connection.askPassword) return connection
  const { password, passFile } = passwordEnvironment()
  if (password !== undefined) return connection
  const path = connection.passFile || passFile
  const { text, notice } = privateText(path)
  if (text === undefined)
    return notice ? { ...connection, notices: [...connection.notices, `${connection.name}: ${notice}`] } : connection
  const user = connection.user || nameOfUser()
  const targets = connection.targets.map((target) => {
    const found = passwordIn(text, { target, database: connection.database, user })
    return found === undefined ? target : { ...target, remembered: { password: found, path } }
  })
  return { ...connection, targets }
}

function privateText(path: string): { readonly text?: string; readonly notice?: string } {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return {}
  if (!found.isFile()) return { notice: `the password file ${path} is ignored: it is not a plain file.` }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    return { notice: `the password file ${path} is ignored: other users can read it. Run chmod 0600 on it.` }
  }
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch {
    return { notice: `the password file ${path} is ignored: it cannot be read.` }
  }
}
