import { spawn } from 'node:child_process'
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The repository as somebody has it who has just cloned it: nothing installed, no server, no `.env`. */
export interface Copy {
  readonly directory: string
  /** What somebody types at its root, as bash does it; `exported` is what was exported before. */
  type(command: string, exported?: Readonly<Record<string, string>>): Promise<Finished>
  /** A command that keeps running. Resolves when it has printed what is waited for. */
  start(command: string, until: RegExp): Promise<Started>
  remove(): Promise<void>
}

export interface Started {
  /** What it has printed so far. */
  readonly stdout: string
  /** Ends it as Ctrl-C does, and waits until it has. */
  stop(): Promise<void>
}

const LEFT_OUT = new Set(['node_modules', '.git', '.data', 'logs', 'dist', '.turbo', '.env'])

export async function copyRepository(root: string): Promise<Copy> {
  const directory = await mkdtemp(join(tmpdir(), 'documents-'))
  await chmod(directory, 0o755) // Where the tests run as root, the server's own user has to pass through.
  await cp(root, directory, { recursive: true, filter: (source) => !LEFT_OUT.has(basename(source)) })
  const copy: Copy = {
    directory,
    type: (command, exported = {}) => type(directory, command, exported),
    start: (command, until) => start(directory, command, until),
    async remove() {
      await copy.type('pnpm db:stop')
      await rm(directory, { recursive: true, force: true })
    },
  }
  return copy
}

function type(cwd: string, command: string, exported: Readonly<Record<string, string>>): Promise<Finished> {
  const env = { ...shellEnvironment(), ...exported }
  const child = spawn('bash', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...texts }))
  })
}

function start(cwd: string, command: string, until: RegExp): Promise<Started> {
  // A process group of its own, which Ctrl-C reaches as a whole.
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: shellEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let printed = ''
  let complained = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complained += chunk
  })
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
    await ended
  }
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      if (until.test(printed)) resolve({ stdout: printed, stop })
    })
    child.once('error', reject)
    void ended.then(() => reject(new Error(`${command} ended on its own:\n${printed}${complained}`)))
  })
}

/** A shell's own: without what the test runner and the package manager that started it have added. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const added =
    /^(?:DATABASE_URL|AWS_.*|NODE_ENV|NODE_OPTIONS|INIT_CWD|VITEST.*|TURBO_.*|PNPM_(?:SCRIPT_SRC_DIR|PACKAGE_NAME)|npm_(?!config_).*|(?:npm|pnpm)_config_verify_deps_before_run)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !added.test(name)))
}
