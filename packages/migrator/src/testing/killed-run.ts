import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Within } from '../dialects/postgres/session/sql-session.ts'
import { cut, PATIENCE_MS } from '../dialects/postgres/testing/server.ts'
import { unsupported } from '../engine/run/unsupported.ts'
import { MigratorError } from '../errors.ts'
import type { DatabaseAddress } from '../ports/database.ts'
import { withSession } from './database-state.ts'
import { createDirector, type Director } from './director.ts'
import type { TransactionMode } from './failure.ts'
import { type RunOutcome, type Trial, unusable } from './trial.ts'

/** What the process that will be killed has to do. */
export interface KillRequest {
  readonly address: DatabaseAddress
  readonly directory: string
  readonly failAt: string
  readonly transaction: TransactionMode
  /** The steps as they were planned here. */
  readonly expected: readonly { readonly id: string; readonly checksum: string }[]
}

/** What it tells. After `arrived` and `sending` it waits for an answer; after `struck` for its end. */
export type WorkerMessage =
  | { readonly kind: 'arrived'; readonly applicationName: string }
  | { readonly kind: 'sending'; readonly serverPid: number; readonly sql: string; readonly within: Within }
  | { readonly kind: 'struck'; readonly serverPid: number }
  | { readonly kind: 'other-files'; readonly ids: readonly string[] }
  | { readonly kind: 'ended'; readonly why: string }

/** Runs in a process of its own, which is killed, as the kernel would do it, when it has come to the fault. */
export async function runAndKill(trial: Trial, arrived: () => Promise<void>): Promise<RunOutcome> {
  const child = start()
  const director = createDirector(trial.runner.adapter, async () => void child.kill('SIGKILL'))
  try {
    const heard = listen(child, director, arrived)
    child.send(killRequestOf(trial))
    const { applicationName, error } = await heard
    if (error) return { struck: false, error }
    await waitUntilLetGo(trial, applicationName)
    return { struck: true }
  } finally {
    child.kill('SIGKILL')
    await director.end()
  }
}

/** The program beside this room, in the source and in the published package. */
function start(): ChildProcess {
  const ending = extname(fileURLToPath(import.meta.url))
  const program = fileURLToPath(new URL(`../process-to-kill${ending}`, import.meta.url))
  const execArgv = ending === '.ts' ? ['--import', import.meta.resolve('tsx')] : []
  return fork(program, [], { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

/** It is sent as a message: the address holds a password, which arguments and environment would show. */
function killRequestOf({ runner, directory = '', migration, transaction, steps }: Trial): KillRequest {
  const expected = steps.map(({ id, checksum }) => ({ id, checksum }))
  const address = runner.adapter.address?.()
  if (!address || address.complete === false) throw unsupported('runs in another process, which a trial kills')
  return { address, directory, failAt: migration.id, transaction, expected }
}

interface Heard {
  readonly applicationName: string
  /** Why it came to an end before it was struck. */
  readonly error?: MigratorError
}

/** Answers the process until it is gone. */
function listen(child: ChildProcess, director: Director, arrived: () => Promise<void>): Promise<Heard> {
  let applicationName = ''
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (director.struck && signal === 'SIGKILL') resolve({ applicationName })
      else reject(new Error(`the process to be killed ended on its own (${signal ?? code})`))
    })
    child.on('message', (told: WorkerMessage) => {
      if (told.kind === 'ended') resolve({ applicationName, error: new MigratorError('MIGRATION_FAILED', told.why) })
      else answer(told).catch(reject)
    })
  })

  async function answer(told: Exclude<WorkerMessage, { kind: 'ended' }>): Promise<void> {
    if (told.kind === 'struck') return director.strike(told.serverPid)
    if (told.kind === 'other-files') throw otherFiles(told.ids)
    if (told.kind === 'sending') await director.sending(told.serverPid, told.sql, told.within)
    else {
      applicationName = told.applicationName
      await arrived()
    }
    child.send('go on')
  }
}

function otherFiles(ids: readonly string[]): MigratorError {
  return unusable(`The directory holds different migrations from those given: ${ids.join(', ')}.`)
}

const LOOK_AGAIN_MS = 50

/** The server notices within a second or two that the process is gone, and ends what it was doing for it. */
async function waitUntilLetGo({ runner: { adapter } }: Trial, applicationName: string): Promise<void> {
  await withSession(adapter, async (session) => {
    for (const deadline = performance.now() + PATIENCE_MS; ; await pause(LOOK_AGAIN_MS)) {
      const working = (await adapter.activity?.endOrphansOf(session, applicationName)) ?? []
      if (working.length === 0) return
      // Some platforms' servers can't notice it.
      if (performance.now() > deadline) for (const { pid } of working) await cut(session, pid)
    }
  })
}
