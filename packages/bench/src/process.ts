import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readEnv } from './env.ts'
import { readOnce } from './temporary.ts'

/** One program as it would be started by hand. Nothing of our own environment reaches it but PATH and HOME. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Finished {
  /** From spawn to exit. */
  readonly ms: number
  readonly output: string
}

/** Runs a program to its end, its output in a file, so that nobody has to read along. Rejects when it fails. */
export async function run(command: Command, scratch: string): Promise<Finished> {
  const outputPath = join(scratch, 'output.txt')
  const output = openSync(outputPath, 'w')
  const { path: PATH, home: HOME } = readEnv()
  const started = performance.now()
  const child = spawn(command.file, [...command.args], {
    cwd: command.cwd,
    env: { PATH, HOME, ...command.env },
    stdio: ['ignore', output, output],
  })
  const ended = await new Promise<{ code: number | string | null; ms: number }>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve({ code: signal ?? code, ms: performance.now() - started }))
  }).finally(() => closeSync(output))
  const text = readFileSync(outputPath, 'utf8')
  if (ended.code !== 0) throw new CommandFailed(command, ended.code, text)
  return { ms: ended.ms, output: text }
}

/** A program of the benchmark ended with an error; the numbers would mean nothing. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'

  constructor({ file, args }: Command, code: number | string | null, output: string) {
    super(`${[file, ...args].join(' ')} ended with ${code}:\n${output.slice(-4000)}`)
  }
}

/** A JavaScript or TypeScript program, run by this very Node.js. */
export function node(path: string, args: readonly string[], cwd: string, env: Command['env'] = {}): Command {
  const loader = path.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  return { file: process.execPath, args: [...loader, path, ...args], cwd, env }
}

/** Runs a Node.js program and also takes the most memory that it held at any time, worker threads included. */
export async function runMeasured(command: Command, scratch: string): Promise<Finished & { readonly rssMb: number }> {
  const path = join(scratch, 'peak-rss.txt')
  const finished = await run(hooked(command, 'peak-rss.mjs', { BENCH_PEAK_RSS: path }), scratch)
  return { ...finished, rssMb: Number(readOnce(path)) / 1024 }
}

/** Runs a Node.js program and lists every module that it loaded, ESM and CommonJS. */
export async function runListed(command: Command, scratch: string): Promise<readonly string[]> {
  const path = join(scratch, 'modules.txt')
  await run(hooked(command, 'list-modules.mjs', { BENCH_MODULES: path }), scratch)
  return [...new Set(readOnce(path).split('\n').filter(Boolean))]
}

function hooked(command: Command, hook: string, env: Readonly<Record<string, string>>): Command {
  const url = pathToFileURL(join(import.meta.dirname, '../hooks', hook)).href
  return { ...command, args: ['--import', url, ...command.args], env: { ...command.env, ...env } }
}
