import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadMigrations, MigrationRunner, PostgresAdapter } from '@repo/migrator'
import { expect, onTestFinished } from 'vitest'
import type { Simulator } from '../../src/index.ts'
import { type Finished, type Started, startProgram } from './process.ts'

/** The simulator's snapshots take no minutes. */
const QUICK = 'backups: { rds: { pollIntervalMs: 300 } }'

const packages = join(import.meta.dirname, '../../..')

/** A folder of migrations, and the real command line run there against an instance of the simulator, in production. */
export interface Project {
  readonly directory: string
  write(files: Readonly<Record<string, string>>): Promise<void>
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Said>
  start(words: readonly string[], env?: Readonly<Record<string, string>>): Running
  /** The JSON Lines log so far. */
  log(): Promise<readonly LogLine[]>
}

export interface Said extends Finished {
  /** The one document of `--json`; throws when stdout is anything else. */
  json(): Document
}

export interface Running extends Omit<Started, 'finished'> {
  readonly finished: Promise<Said>
}

/** As much of the documents as tests look at. */
export interface Document {
  readonly schemaVersion: number
  readonly runId: string
  readonly steps: readonly { readonly id: string; readonly status: string }[]
  readonly backup: Backup
  readonly backups: readonly Backup[]
  readonly restored: { readonly kind: string; readonly name: string; readonly connection: string }
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly exitCode: number
    readonly [detail: string]: unknown
  }
}

export interface Backup {
  readonly id: string
  readonly provider: string
  readonly state: string
  readonly createdAt: string
  readonly restoreCommand: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface LogLine {
  readonly kind: string
  readonly event?: string
  readonly message: string
  readonly durationMs?: number
  readonly details?: Readonly<Record<string, unknown>>
}

/** Migrations as pairs of SQL files under the `migrator` program. */
export async function sqlProject(
  simulator: Simulator,
  databaseUrl: string,
  files: Readonly<Record<string, string>>,
): Promise<Project> {
  const directory = await temporaryFolder()
  const program = join(packages, 'migrator/src/cli/bin.ts')
  const project = projectIn(directory, program, environment(simulator, databaseUrl))
  await project.write({
    'package.json': '{ "type": "module" }\n',
    'migrator.config.mjs': `export default { migrations: 'migrations', ${QUICK} }\n`,
    ...files,
  })
  return project
}

/** Applies migrations without the command line, so that tests which begin later need not wait for it. */
export async function applied(databaseUrl: string, files: Readonly<Record<string, string>>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'incident-'))
  const adapter = new PostgresAdapter({ connectionString: databaseUrl })
  try {
    await writeFiles(directory, files)
    const report = await new MigrationRunner({ adapter }).apply(await loadMigrations(join(directory, 'migrations')))
    expect(report.error).toBeUndefined()
  } finally {
    await adapter.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The product's own package, copied so that migrations can be added to it: its `db:*` commands. */
export async function productProject(simulator: Simulator, databaseUrl: string): Promise<Project> {
  const root = await temporaryFolder()
  const directory = join(root, 'packages/database')
  const product = join(packages, 'database')
  for (const part of ['src', 'package.json']) await cp(join(product, part), join(directory, part), { recursive: true })
  await symlink(join(product, 'node_modules'), join(directory, 'node_modules'))
  const project = projectIn(directory, join(directory, 'src/cli.ts'), environment(simulator, databaseUrl), '../../logs')
  const config = await readFile(join(product, 'migrator.config.ts'), 'utf8')
  await project.write({ 'migrator.config.ts': config.replace('defineConfig({', `defineConfig({ ${QUICK},`) })
  return project
}

/** A pair `migrations/ID.up.sql` and `.down.sql`. */
export function pair(id: string, up: string, down: string, folder = 'migrations'): Record<string, string> {
  return { [`${folder}/${id}.up.sql`]: up, [`${folder}/${id}.down.sql`]: down }
}

/** What somebody exports who plays with the simulator, and NODE_ENV as it is where it matters. */
function environment({ url, region }: Simulator, databaseUrl: string): Readonly<Record<string, string>> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    AWS_ENDPOINT_URL_RDS: url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'anything',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  }
}

function projectIn(
  directory: string,
  program: string,
  inherited: Readonly<Record<string, string>>,
  logs = 'logs',
): Project {
  const project: Project = {
    directory,
    write: (files) => writeFiles(directory, files),
    run: (words, env) => project.start(words, env).finished,
    start(words, env = {}) {
      const started = startProgram(program, words, { cwd: directory, env: { ...inherited, ...env } })
      return { ...started, finished: started.finished.then(said) }
    },
    async log() {
      const text = await readFile(join(directory, logs, 'migrations.jsonl'), 'utf8')
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as LogLine)
    },
  }
  return project
}

async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
}

function said(finished: Finished): Said {
  return { ...finished, json: () => JSON.parse(finished.stdout) as Document }
}

/** The command succeeded; what it said is in the message when not. */
export function expectDone({ code, stdout, stderr }: Finished): void {
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' })
}

async function temporaryFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'incident-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
