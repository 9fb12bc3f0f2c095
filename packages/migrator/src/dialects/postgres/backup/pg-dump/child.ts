import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { redactText } from '../../../../core/redact.ts'

export interface Child {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Resolves when the program has ended, however it did. */
  readonly ended: Promise<Ended>
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what it said on stderr, without secrets. */
  readonly said: string
}

/** How long a program may take to end itself when it is asked to, before it is killed. */
const GRACE_MS = 5_000

/** Starts a program. An abort ends it by its own pid; when this process dies, its pipes break, and it ends too. */
export function startChild(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Child {
  const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const stop = () => endSoon(child)
  signal.addEventListener('abort', stop, { once: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = `${said}${chunk}`.slice(-20_000)
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, killed) => resolve({ code, signal: killed, said: redactText(said.trim()) }))
  }).finally(() => signal.removeEventListener('abort', stop))
  return { stdin: child.stdin, stdout: child.stdout, ended }
}

function endSoon(child: ChildProcessByStdio<Writable, Readable, Readable>): void {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  child.on('close', () => clearTimeout(timer))
}

/** `ended with exit code 1: pg_dump: error: …` */
export function endText({ code, signal, said }: Ended): string {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`
  return `ended with ${how}${said === '' ? '' : `: ${said.split('\n').slice(-12).join('\n')}`}`
}
