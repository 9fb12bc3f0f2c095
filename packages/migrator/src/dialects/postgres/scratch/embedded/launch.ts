import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defined } from '../../../../core/options.ts'
import { createCluster } from './cluster.ts'
import { readLog, serverFailure } from './failure.ts'
import { choosePlace, type Place } from './place.ts'
import { freePort, isFree } from './port.ts'
import { findPostmaster, type Postmaster, stalePid } from './postmaster.ts'
import { asServerUser } from './server-user.ts'
import { readState, writeState } from './state.ts'

export interface LaunchOptions {
  readonly onProgress?: (message: string) => void
  readonly settings?: Readonly<Record<string, string>>
}

const readyTimeoutMs = 30_000
const portAttempts = 5

/**
 * Makes the cluster if there is none, starts its server unless that is alive (whoever started it may have been killed
 * before the end), waits until it is ready and records it in the state file. The caller holds the start lock.
 * Throws EMBEDDED_SERVER_FAILED with the log's tail; a server that is merely slow is left to go on: call again to wait.
 */
export async function launchPostmaster(
  home: string,
  options: LaunchOptions,
): Promise<{ readonly postmaster: Postmaster; readonly startedNow: boolean }> {
  const state = await readState(home)
  const place = await choosePlace(home, state?.dataDirectory)
  if (!existsSync(place.dataDirectory)) {
    options.onProgress?.(`Creating a PostgreSQL cluster in ${place.dataDirectory}`)
    await createCluster(place)
  }
  const log = join(home, 'server.log')
  const alive = () => findPostmaster(place.dataDirectory)
  const adopted = (await alive()) && (await waitUntilReady(place, log, async () => !(await alive())))
  const postmaster = adopted ?? (await startOnFreePort(place, log, state?.port, options))
  await writeState(home, postmaster)
  return { postmaster, startedNow: adopted === undefined }
}

async function startOnFreePort(
  place: Place,
  log: string,
  preferred: number | undefined,
  options: LaunchOptions,
): Promise<Postmaster> {
  let port = await freePort(preferred)
  for (let attempt = 1; ; attempt++) {
    options.onProgress?.(`Starting PostgreSQL on port ${port}`)
    const child = await spawnPostmaster(place, log, { ...defined(options.settings ?? {}), port: String(port) })
    const postmaster = await waitUntilReady(
      place,
      log,
      async () => child.exitCode !== null || child.signalCode !== null,
    )
    if (postmaster !== undefined) return postmaster
    // It ended. If somebody took the port between our look and its own, another port helps, otherwise nothing does.
    if (attempt === portAttempts || (await isFree(port))) {
      throw serverFailure(`The embedded PostgreSQL in ${place.dataDirectory} does not start. Its log, ${log}, ends:`, {
        output: await readLog(log),
      })
    }
    port = await freePort()
  }
}

// A session of its own (detached) and a file for its output: neither Ctrl-C nor a closed terminal ends it, and nobody who
// reads our output has to wait for it.
async function spawnPostmaster(place: Place, log: string, settings: Record<string, string>): Promise<ChildProcess> {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // PostgreSQL refuses to start while the pid in a leftover postmaster.pid is somebody's, unless it is its grandparent's,
  // as pg_ctl tells it in this variable. Its second guard, the shared memory still in use, stays in force.
  const stale = await stalePid(place.dataDirectory)
  const { env, ...user } = asServerUser(place.user)
  await rename(log, `${log}.old`).catch(() => undefined) // There is none yet.
  const output = await open(log, 'w')
  try {
    const child = spawn(join(place.binaries, 'bin', 'postgres'), ['-D', place.dataDirectory, ...flags], {
      ...user,
      env: stale === undefined ? env : { ...env, PG_GRANDPARENT_PID: String(stale) },
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    await once(child, 'spawn')
    child.unref()
    return child
  } finally {
    await output.close()
  }
}

/** Undefined when it ended instead. */
async function waitUntilReady(
  { dataDirectory }: Place,
  log: string,
  hasEnded: () => Promise<boolean>,
): Promise<Postmaster | undefined> {
  for (const deadline = Date.now() + readyTimeoutMs; Date.now() < deadline; await sleep(10)) {
    const postmaster = await findPostmaster(dataDirectory)
    if (postmaster?.ready) return postmaster
    if (await hasEnded()) return undefined
  }
  throw serverFailure(`The embedded PostgreSQL in ${dataDirectory} is not ready after ${readyTimeoutMs / 1000} s.`, {
    hint: `It may still be recovering from a crash: wait and run the command again. Its log is ${log}.`,
    output: await readLog(log),
  })
}
