import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnServer, ownServer } from './own-server.ts'

/** A server that is reached by a Unix socket too. */
export interface SocketServer extends OwnServer {
  readonly folder: string
  /** Makes the socket answer under another port's name. */
  answerAs(port: string): Promise<void>
}

export async function socketServer(settings: Readonly<Record<string, string>> = {}): Promise<SocketServer> {
  const folder = await mkdtemp(join(tmpdir(), 'migrator-socket-'))
  await chmod(folder, 0o777)
  const server = await ownServer({ ...settings, unix_socket_directories: folder })
  const socket = join(folder, `.s.PGSQL.${new URL(server.url).port}`)
  return {
    ...server,
    folder,
    answerAs: (port) => symlink(socket, join(folder, `.s.PGSQL.${port}`)),
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
