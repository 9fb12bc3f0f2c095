import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Action } from '../core/migration.ts'
import { type Moment, takeSurroundings } from './surroundings.ts'

/** One call into a migration's own code. Whatever that code starts belongs to it, timers and promises too. */
interface Call {
  readonly file: string
  running: boolean
  readonly fail: (error: unknown) => void
}

const calls = new AsyncLocalStorage<Call>()

/**
 * Runs a migration's own code. Rejects with what it throws, also outside of its promise: in a timer, or in a promise that
 * nobody awaits. Code that would end the process throws instead, and its call fails even when it catches that.
 */
export async function runMigrationCode<T>(
  file: string,
  code: () => T | Promise<T>,
  moment: Moment = 'call',
): Promise<T> {
  watchProcess()
  const putBack = processIsOurs ? takeSurroundings(moment) : () => []
  const changed: string[] = []
  let fail: Call['fail'] = () => {}
  const strayed = new Promise<never>((_, reject) => {
    fail = reject
  })
  strayed.catch(() => {})
  const call: Call = { file, running: true, fail }
  // Before anything else runs, which may need it.
  const thenPutBack = async () => {
    try {
      return await code()
    } finally {
      changed.push(...putBack())
    }
  }
  try {
    const result = await Promise.race([calls.run(call, thenPutBack), strayed])
    // Node tells of a rejection that nobody handles only when all promises have had their turn.
    await Promise.race([setImmediate(), strayed])
    return result
  } finally {
    call.running = false
    changed.push(...putBack())
    if (changed.length > 0)
      tellLate(`${file} changed ${listed(changed)} for the whole process. The change was reverted.`)
  }
}

/** An action that runs a migration's own function, guarded. Whoever reads its text reads that function's. */
export function actionOfCode(file: string, code: (...given: never[]) => unknown): Action {
  const guarded = (...given: unknown[]) => runMigrationCode(file, () => code(...(given as never[])))
  return { kind: 'module', run: Object.assign(guarded, { toString: () => String(code) }), file }
}

/** Whether an error that nobody caught comes from a migration's code, and so is dealt with here. */
export function isOfMigrationCode(): boolean {
  return calls.getStore() !== undefined
}

let tellLate = (message: string): void => process.emitWarning(message)

/** Receives what a migration's code throws after its call has ended. Default: a warning of the process. */
export function onLateError(tell: (message: string) => void): void {
  tellLate = tell
}

function listed(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, 5), names.length - 5]
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

let processIsOurs = false

/** From now on what a migration's code changes for the whole process is put back when its call has ended. */
export function ownProcess(): void {
  processIsOurs = true
}

let watched = false

/** Stays in place: code that was left running may throw, or end the process, at any later time. */
function watchProcess(): void {
  if (watched) return
  watched = true
  process.on('unhandledRejection', (error) => stray(error, 'unhandledRejection'))
  process.on('uncaughtException', (error) => stray(error, 'uncaughtException'))
  for (const name of ['exit', 'abort', 'reallyExit', 'kill'] as const) refuseInMigrations(name)
}

function stray(error: unknown, event: 'unhandledRejection' | 'uncaughtException'): void {
  const call = calls.getStore()
  if (call?.running) call.fail(error)
  else if (call) tellLate(`${call.file} threw an error after it had finished: ${textOf(error)}`)
  // As if nobody listened.
  else if (process.listenerCount(event) === 1) throw error
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type Ending = 'exit' | 'abort' | 'reallyExit' | 'kill'
type Endings = Record<Ending, (...words: unknown[]) => unknown>

function refuseInMigrations(name: Ending): void {
  const endings = process as unknown as Endings
  const original = endings[name]
  endings[name] = function refusing(this: unknown, ...words: unknown[]): unknown {
    const call = calls.getStore()
    if (!call || (name === 'kill' && !KILLS_SELF.has(Number(words[0])))) return original.apply(process, words)
    const error = new Error(`process.${name}(${words.join(', ')}) is not allowed in a migration.`)
    call.fail(error)
    throw error
  }
}

/** 0 is the process's own group. */
const KILLS_SELF = new Set([process.pid, 0, -process.pid])
