import { join, relative } from 'node:path'
import jsonc from 'jsonc-parser'
import { plural } from '../../core/plural.ts'
import { redactText } from '../../core/redact.ts'
import { type PackageManager, scriptRunnerOf } from '../../report/package-manager.ts'
import { toolName } from '../../version.ts'
import type { Next } from '../output.ts'
import type { Histories } from './database.ts'
import { dangerOfPush } from './drizzle-push.ts'
import type { Project } from './project.ts'
import { configName, configText, SCRIPTS, SERVICE, WORKFLOW, workflowSteps, workflowText } from './texts.ts'

/** A file to write; one that is there is never replaced, except for what is added to package.json. */
export interface Change {
  readonly path: string
  readonly kind: 'create' | 'extend'
  readonly content: string
  /** What is added to a file. */
  readonly added: readonly string[]
}

export interface Changes {
  readonly changes: readonly Change[]
  /** What is there already and stays. */
  readonly kept: readonly string[]
  readonly notes: readonly string[]
  readonly next: readonly Next[]
}

const NO_DATABASE = 'No database is named yet: set DATABASE_URL, in the environment or in .env.'

/** What fits a project. `histories` are undefined where no database is named, and a text where it does not answer. Pure. */
export function changesFor(
  project: Project,
  histories: Histories | string | undefined,
  configured: { readonly migrations: string | undefined; readonly historyTable: string | undefined } | undefined,
): Changes {
  const known = typeof histories === 'object' ? histories : undefined
  const historyTable = configured ? configured.historyTable : historyTableFor(project, known)
  const migrations =
    configured?.migrations ?? project.folder?.path ?? (project.drizzle ? outOf(project.drizzle.out) : DEFAULT)
  const scripts = withScripts(project.manifest, project.manager)
  const config = configText(project, { migrations, historyTable })
  return {
    changes: [
      ...(project.config === undefined ? [create(join(project.directory, configName(project)), config)] : []),
      ...(scripts.added.length > 0 ? [extend(join(project.directory, 'package.json'), scripts)] : []),
      ...(project.workflows.length === 0 ? [create(join(project.root, WORKFLOW), workflowText(project))] : []),
    ],
    kept: [...(project.config === undefined ? [] : [project.config]), ...scripts.kept],
    notes: [
      ...project.refused,
      ...(typeof histories === 'string' ? [`The database was not looked at: ${histories}`] : []),
      ...(histories === undefined && project.drizzle?.urlVariable === undefined ? [NO_DATABASE] : []),
      ...drizzleNotes(project, historyTable ?? 'public.schema_migrations'),
      ...(project.workflows.length > 0 && !project.checkedByCi ? [stepsToAdd(project)] : []),
      ...(project.manifest !== undefined && !project.installed
        ? [`${toolName} is not in package.json yet: ${INSTALL[project.manager]} ${toolName}`]
        : []),
    ],
    next: nextFor(project, known),
  }
}

const DEFAULT = 'src/migrations'

function outOf(out: string): string {
  return out.replace(/^\.\//, '')
}

/** A history that is there stays where it is. Beside Drizzle, or where another tool has the name, a schema of its own. */
function historyTableFor({ drizzle }: Project, known: Histories | undefined): string | undefined {
  if (known?.own !== undefined) return known.own === 'public.schema_migrations' ? undefined : known.own
  const taken = known?.foreign.some(({ table }) => table === 'public.schema_migrations')
  return drizzle || taken ? 'migrator.schema_migrations' : undefined
}

function drizzleNotes({ drizzle, drizzleKitMajor: major }: Project, history: string): readonly string[] {
  return (drizzle && [dangerOfPush(history, { config: drizzle, major })].flatMap((danger) => danger ?? [])) ?? []
}

function stepsToAdd(project: Project): string {
  return `Add to a job of your CI (${project.workflows.join(', ')}), which needs PostgreSQL as a service:\n\n${SERVICE}\n    steps:\n${workflowSteps(project)}\n`
}

const INSTALL: Readonly<Record<PackageManager, string>> = {
  npm: 'npm install -D',
  pnpm: 'pnpm add -D',
  yarn: 'yarn add -D',
  bun: 'bun add -d',
}

const create = (path: string, content: string): Change => ({ path, kind: 'create', content, added: [] })

const extend = (path: string, { content, added }: Scripts): Change => ({ path, kind: 'extend', content, added })

interface Scripts {
  readonly content: string
  readonly added: readonly string[]
  readonly kept: readonly string[]
}

/** package.json with the scripts that it lacks, in its own indentation. */
function withScripts(manifest: string | undefined, manager: PackageManager): Scripts {
  if (manifest === undefined) return { content: '', added: [], kept: [] }
  const present = (jsonc.parse(manifest) as { scripts?: Record<string, string> } | undefined)?.scripts ?? {}
  const added = Object.keys(SCRIPTS).filter((name) => present[name] === undefined)
  const kept = Object.entries(SCRIPTS).filter(
    ([name, script]) => present[name] !== undefined && present[name] !== script,
  )
  const indent = /^[\t ]+/m.exec(manifest)?.[0] ?? '  '
  const formattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.length,
    eol: manifest.includes('\r\n') ? '\r\n' : '\n',
  }
  const content = added.reduce(
    (text, name) => jsonc.applyEdits(text, jsonc.modify(text, ['scripts', name], SCRIPTS[name], { formattingOptions })),
    manifest,
  )
  return {
    content,
    added: added.map((name) => `${scriptRunnerOf(manager)} ${name}`),
    kept: kept.map(([name]) => `package.json: the script ${name} (${redactText(present[name] ?? '')})`),
  }
}

const STATUS: Next = ['db:migrate:status', 'show the state of every migration']

function nextFor({ folder, drizzle }: Project, known: Histories | undefined): readonly Next[] {
  if (known?.own !== undefined) return [STATUS]
  const [foreign] = known?.foreign ?? []
  if (foreign) return importing(foreign.table, `adopt the history of ${foreign.tool}`)
  if (folder === undefined) {
    return [
      ['db:new first_change', 'create a migration'],
      ['db:migrate --dry-run', 'show what would run'],
    ]
  }
  const migrations = plural(folder.count, 'migration', 'migrations')
  if (drizzle && known === undefined) {
    return [['db:validate', `check ${migrations}`], ...importing('drizzle', 'where drizzle-kit migrate has run')]
  }
  return [
    ['db:validate', `check ${migrations}`],
    ['db:migrate --dry-run', 'show what would run'],
  ]
}

function importing(name: string, purpose: string): readonly Next[] {
  return [
    [`db:import ${name} --dry-run`, `${purpose}: show the mapping first`],
    [`db:import ${name}`, 'record it'],
    STATUS,
  ]
}

/** A path relative to the user's working directory. */
export function shown(path: string, from: string): string {
  return relative(from, path) || '.'
}
