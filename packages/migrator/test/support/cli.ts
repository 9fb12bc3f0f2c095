import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'

/** What a command left behind. */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** The one document of `--json`; throws when stdout is anything else. */
  json(): Document
}

export interface Running {
  readonly process: ChildProcess
  readonly finished: Promise<Finished>
  /** Resolves when the text has appeared on stdout or stderr. */
  says(text: string): Promise<void>
}

/** A folder with migrations, and the real program run in it. */
export interface Project {
  readonly directory: string
  readonly migrations: string
  /** Writes files below the project's folder (`migrations/0001_a.up.sql` …). */
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>
  start(words: readonly string[], env?: Readonly<Record<string, string>>): Running
  remove(): Promise<void>
}

/** `url` is the DATABASE_URL of its commands, unless `env` says another; without one, none is set. */
export async function createProject(
  url: string | undefined,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'migrator-project-'))
  const project: Project = {
    directory,
    migrations: join(directory, 'migrations'),
    async write(more) {
      for (const [path, content] of Object.entries(more)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        await writeFile(join(directory, path), content)
      }
    },
    run: (words, env) => project.start(words, env).finished,
    start: (words, env) => start(directory, words, { ...(url === undefined ? {} : { DATABASE_URL: url }), ...env }),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
  mkdirSync(project.migrations)
  await project.write({
    'package.json': '{ "type": "module" }\n',
    // Without scratchUrl a dry run of modules would leave an embedded server behind in each of these folders.
    'migrator.config.mjs': `export default { migrations: 'migrations', scratchUrl: '${inject('serverUrl')}' }\n`,
    ...files,
  })
  return project
}

/** A pair `migrations/ID.up.sql` and `.down.sql`. */
export function pair(id: string, up: string, down: string): Record<string, string> {
  return { [`migrations/${id}.up.sql`]: up, [`migrations/${id}.down.sql`]: down }
}

/** Three pairs that create, and drop, the tables one, two and three. */
export function threeTables(): Record<string, string> {
  return {
    ...pair('0001_one', 'CREATE TABLE one (id int PRIMARY KEY);\n', 'DROP TABLE one;\n'),
    ...pair('0002_two', 'CREATE TABLE two (id int PRIMARY KEY);\n', 'DROP TABLE two;\n'),
    ...pair('0003_three', 'CREATE TABLE three (id int PRIMARY KEY);\n', 'DROP TABLE three;\n'),
  }
}

function start(cwd: string, words: readonly string[], env: Readonly<Record<string, string>>): Running {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [inject('bin'), ...words], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  const listen = (name: 'stdout' | 'stderr') =>
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
      for (const tell of listeners) tell()
    })
  listen('stdout')
  listen('stderr')
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...texts, json: () => JSON.parse(texts.stdout) }))
  })
  return {
    process: child,
    finished,
    says(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!texts.stdout.includes(text) && !texts.stderr.includes(text)) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
        void finished.then((end) =>
          reject(new Error(`it ended with ${end.code} without saying "${text}": ${end.stdout}${end.stderr}`)),
        )
      })
    },
  }
}

/** As much of the documents as tests look at. */
export interface Document {
  readonly schemaVersion: number
  readonly runId?: string
  readonly steps: readonly {
    id: string
    direction: string
    status: string
    by: string
    sql?: string | null
    error?: { code: string; message: string }
  }[]
  readonly migrations: readonly { id: string; state: string; checksum: string; appliedAt: string | null }[]
  readonly summary: Readonly<Record<string, number>>
  readonly recovered: readonly string[]
  readonly notices: readonly string[]
  readonly entries: readonly { event: string; message: string; version?: string; reason?: string }[]
  readonly problems: readonly { kind: string; path: string }[]
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly exitCode: number
    readonly [detail: string]: unknown
  }
}
