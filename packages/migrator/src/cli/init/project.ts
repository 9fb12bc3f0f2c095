import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MigratorError } from '../../errors.ts'
import { readDirectory } from '../../migration-files.ts'
import { type PackageManager, packageManagerOf } from '../../report/package-manager.ts'
import { toolName } from '../../version.ts'
import { typescriptEnding } from '../typescript-ending.ts'
import { type DrizzleConfig, drizzleConfigIn, loadDrizzleConfig } from './drizzle-config.ts'

/** What init looks at. Paths are absolute; nothing was written or started. */
export interface Project {
  /** The package that the migrations belong to. */
  readonly directory: string
  /** Of the repository, or of the workspace. */
  readonly root: string
  readonly manager: PackageManager
  /** The text of package.json. */
  readonly manifest: string | undefined
  /** How its TypeScript files end; undefined where it has none. */
  readonly typescript: 'ts' | 'mts' | undefined
  /** The configuration that is there already. */
  readonly config: string | undefined
  readonly drizzle: DrizzleConfig | undefined
  readonly drizzleKitMajor: number
  /** A folder with migrations, relative to the package. */
  readonly folder: MigrationsFolder | undefined
  /** Folders of tools whose migrations cannot be loaded: what to do about each. */
  readonly refused: readonly string[]
  /** Whether this tool is a dependency of the package or of the root. */
  readonly installed: boolean
  /** Whether the root says which version of the package manager it needs. */
  readonly pinned: boolean
  /** The CI's files, relative to the root. */
  readonly workflows: readonly string[]
  /** Whether one of them runs this tool. */
  readonly checkedByCi: boolean
}

export interface MigrationsFolder {
  readonly path: string
  readonly tool: string | undefined
  readonly count: number
}

/** Looks at the project around a folder. Throws USAGE_INVALID where several packages have a Drizzle configuration. */
export async function lookAt(from: string, startedBy: PackageManager | undefined): Promise<Project> {
  const directory = packageFor(from)
  const root = rootOf(directory)
  const drizzle = await loadDrizzleConfig(directory)
  if (drizzle?.dialect !== undefined && drizzle.dialect !== 'postgresql') throw otherDialect(drizzle)
  const manifest = textOf(join(directory, 'package.json'))
  const folders = [...(drizzle ? [drizzle.out.replace(/^\.\//, '')] : []), ...USUAL_FOLDERS]
  const found = [...new Set(folders)].map((path) => recognised(directory, path))
  const workflows = workflowsIn(root)
  return {
    directory,
    root,
    manager: packageManagerOf(directory) ?? startedBy ?? 'npm',
    manifest,
    typescript:
      drizzle?.file.endsWith('ts') || isTypeScript(directory, root, manifest) ? typescriptEnding(directory) : undefined,
    config: readdirSync(directory).find((name) => /^migrator\.config\.[cm]?[jt]s$/.test(name)),
    drizzle,
    drizzleKitMajor: drizzleKitMajor(directory),
    folder: found.flatMap((each) => each?.folder ?? [])[0],
    refused: found.flatMap((each) => each?.refused ?? []),
    installed: [manifest, textOf(join(root, 'package.json'))].some((text) => text?.includes(`"${toolName}"`)),
    pinned: /"packageManager"\s*:/.test(textOf(join(root, 'package.json')) ?? ''),
    workflows,
    checkedByCi: workflows.some((path) =>
      /\b(?:migrator |db:)(?:validate|rehearse)\b/.test(textOf(join(root, path)) ?? ''),
    ),
  }
}

function otherDialect({ file, dialect }: DrizzleConfig): MigratorError {
  const message = `${file} has the dialect "${dialect}". Migrations run on PostgreSQL only.`
  return new MigratorError('USAGE_INVALID', message, { hint: 'Run db:init in the package of a PostgreSQL database.' })
}

/** Where people keep migrations, drizzle-kit's own default first. */
const USUAL_FOLDERS = [
  ...['drizzle', 'migrations', 'src/migrations', 'db/migrations', 'src/db/migrations', 'database/migrations'],
  ...[
    'prisma/migrations',
    'supabase/migrations',
    'src/drizzle',
    'db/migrate',
    'sql/migrations',
    'src/database/migrations',
  ],
]

function recognised(directory: string, path: string): { folder?: MigrationsFolder; refused?: string } | undefined {
  if (!existsSync(join(directory, path))) return undefined
  const { tool, files, problems } = readDirectory(join(directory, path))
  const other = problems.find(({ kind }) => kind === 'other-tool')
  if (other) return { refused: `${path}/${other.message}` }
  return files.length + problems.length === 0 ? undefined : { folder: { path, tool, count: files.length } }
}

/** The folder itself, or, from the root of a monorepo, the one package that has a Drizzle configuration. */
function packageFor(from: string): string {
  if (drizzleConfigIn(from) !== undefined || !isWorkspaceRoot(from)) return from
  const packages = foldersBelow(from, 3).filter((folder) => drizzleConfigIn(folder) !== undefined)
  if (packages.length > 1) {
    const message = `Several packages have a Drizzle configuration: ${packages.map((path) => path.slice(from.length + 1)).join(', ')}.`
    throw new MigratorError('USAGE_INVALID', message, { hint: 'Run db:init in the one that owns the migrations.' })
  }
  return packages[0] ?? from
}

function isWorkspaceRoot(folder: string): boolean {
  const manifest = textOf(join(folder, 'package.json')) ?? ''
  return existsSync(join(folder, 'pnpm-workspace.yaml')) || /"workspaces"\s*:/.test(manifest)
}

function foldersBelow(folder: string, depth: number): readonly string[] {
  if (depth === 0) return []
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name))
    .map(({ name }) => join(folder, name))
  return inside.flatMap((each) => [each, ...foldersBelow(each, depth - 1)])
}

const SKIPPED = new Set(['node_modules', 'dist', 'build', 'coverage'])

/** The repository's, or the workspace's, or the package itself. */
function rootOf(directory: string): string {
  const above = ancestorsOf(directory)
  return above.find((folder) => existsSync(join(folder, '.git'))) ?? above.find(isWorkspaceRoot) ?? directory
}

function ancestorsOf(folder: string): readonly string[] {
  return dirname(folder) === folder ? [folder] : [folder, ...ancestorsOf(dirname(folder))]
}

function isTypeScript(directory: string, root: string, manifest = ''): boolean {
  return (
    [directory, root].some((folder) => existsSync(join(folder, 'tsconfig.json'))) || /"typescript"\s*:/.test(manifest)
  )
}

/** By the version that is installed, or else by the one that is asked for. */
export function drizzleKitMajor(directory: string, manifest = textOf(join(directory, 'package.json')) ?? ''): number {
  const installed = ancestorsOf(directory).map((folder) =>
    textOf(join(folder, 'node_modules/drizzle-kit/package.json')),
  )
  const version = /"version"\s*:\s*"(\d+)\./.exec(installed.find((text) => text !== undefined) ?? '')?.[1]
  return Number(version ?? /"drizzle-kit"\s*:\s*"[^"\d]*(\d+)\./.exec(manifest)?.[1] ?? 0)
}

function workflowsIn(root: string): readonly string[] {
  const github = join(root, '.github/workflows')
  const workflows = existsSync(github) ? readdirSync(github).filter((name) => /\.ya?ml$/.test(name)) : []
  return [
    ...workflows.map((name) => `.github/workflows/${name}`),
    ...OTHER_CI.filter((path) => existsSync(join(root, path))),
  ]
}

const OTHER_CI = [
  '.gitlab-ci.yml',
  '.circleci/config.yml',
  'bitbucket-pipelines.yml',
  'azure-pipelines.yml',
  'Jenkinsfile',
]

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
