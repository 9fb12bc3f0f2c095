import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Running {
  readonly process: ChildProcess
  /** What it has said so far. */
  readonly said: { stdout: string; stderr: string }
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Resolves when the text has appeared on stdout; rejects when it ends without. */
  says(text: string): Promise<void>
}

/** Starts the real command, in a temporary folder of the test's. It is killed with the test if it has not ended before. */
export function startCommand(words: readonly string[], temporary: string): Running {
  const { PATH = '', HOME = '' } = process.env
  const main = join(import.meta.dirname, '../../src/main.ts')
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...words], {
    env: { PATH, HOME, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said.stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said.stderr += chunk
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { process: child, said, ended, says: (text) => appearance(text, said, child, ended) }
}

function appearance(
  text: string,
  said: { stdout: string; stderr: string },
  { stdout }: ChildProcess,
  ended: Promise<{ code: number | null }>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => said.stdout.includes(text) && resolve()
    stdout?.on('data', look)
    look()
    void ended.then(({ code }) => reject(new Error(`it ended with ${code} without saying "${text}": ${said.stderr}`)))
  })
}
