import { join, relative } from 'node:path'
import { runnerOf } from '../../report/package-manager.ts'
import { toolName } from '../../version.ts'
import type { Project } from './project.ts'

/** What goes into migrator.config. */
export interface Settings {
  readonly migrations: string
  /** Undefined for the default, `public.schema_migrations`. */
  readonly historyTable: string | undefined
}

/** TypeScript where the project has it. */
export function configName({ typescript }: Pick<Project, 'typescript'>): string {
  return `migrator.config.${typescript ?? 'mjs'}`
}

export function configText({ drizzle }: Pick<Project, 'drizzle'>, { migrations, historyTable }: Settings): string {
  const variable = drizzle?.urlVariable === 'DATABASE_URL' ? undefined : drizzle?.urlVariable
  return [
    `import { defineConfig } from '${toolName}/config'`,
    '',
    'export default defineConfig({',
    ...(drizzle && drizzle.schema.length > 0
      ? [`  // The Drizzle schema: ${drizzle.schema.join(', ')} (${drizzle.file})`]
      : []),
    `  migrations: ${literal(migrations)},`,
    ...(drizzle && historyTable
      ? ['  // In a schema of its own: drizzle-kit push drops tables of public that it does not know.']
      : []),
    ...(historyTable === undefined ? [] : [`  historyTable: ${literal(historyTable)},`]),
    ...(variable === undefined ? [] : [`  databaseUrl: process.env.${variable},`]),
    '})',
    '',
  ].join('\n')
}

function literal(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}

/** The scripts of package.json, by their names. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  'db:migrate': 'migrator migrate',
  'db:rollback': 'migrator rollback',
  'db:migrate:status': 'migrator status',
  'db:rehearse': 'migrator rehearse',
}

const URL = 'postgresql://postgres:postgres@localhost:5432/postgres'

/** The steps that check the migrations, for a workflow of GitHub. They need a PostgreSQL server at localhost:5432. */
export function workflowSteps({ manager, root, directory }: Pick<Project, 'manager' | 'root' | 'directory'>): string {
  const folder = relative(root, directory).replaceAll('\\', '/')
  const where = folder === '' ? [] : [`        working-directory: ${JSON.stringify(folder)}`]
  const migrator = `${runnerOf(manager)} migrator`
  return [
    '      - name: Check the migrations',
    `        run: ${migrator} validate`,
    ...where,
    '      - name: Rehearse them, up, down and up',
    `        run: ${migrator} rehearse --all --scratch-url ${URL}`,
    ...where,
  ].join('\n')
}

export const SERVICE = `    services:
      postgres:
        image: postgres:17
        env:
          POSTGRES_PASSWORD: postgres
        ports: ['5432:5432']
        options: --health-cmd pg_isready --health-interval 2s --health-retries 30`

export function workflowText(project: Pick<Project, 'manager' | 'root' | 'directory' | 'pinned'>): string {
  return `name: Migrations

on:
  push:
    branches: [main]
  pull_request:

jobs:
  migrations:
    runs-on: ubuntu-latest
${SERVICE}
    steps:
      - uses: actions/checkout@v4
${installSteps(project)}
${workflowSteps(project)}
`
}

export const WORKFLOW = join('.github', 'workflows', 'migrations.yml')

const node = ['      - uses: actions/setup-node@v4', '        with:', '          node-version: 22']

/** pnpm's action wants a version where package.json names none, and takes none where it does. */
function installSteps({ manager, pinned }: Pick<Project, 'manager' | 'pinned'>): string {
  const version = pinned ? [] : ['        with:', '          version: latest']
  const steps: Readonly<Record<Project['manager'], readonly string[]>> = {
    npm: [...node, '      - run: npm ci'],
    pnpm: ['      - uses: pnpm/action-setup@v4', ...version, ...node, '      - run: pnpm install --frozen-lockfile'],
    yarn: ['      - run: corepack enable', ...node, '      - run: yarn install --frozen-lockfile'],
    bun: ['      - uses: oven-sh/setup-bun@v2', ...node, '      - run: bun install --frozen-lockfile'],
  }
  return steps[manager].join('\n')
}
