import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import { agreesTo } from '../approval.ts'
import type { Cli } from '../command.ts'
import type { CliEnvironment } from '../command-context.ts'
import { namedDatabase } from '../database.ts'
import { type Change, type Changes, changesFor, shown } from '../init/changes.ts'
import { type Histories, historiesIn } from '../init/database.ts'
import { lookAt, type Project } from '../init/project.ts'
import { type CommonFlags, databaseOption, type YesFlag, yesOption } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'

interface InitFlags extends CommonFlags, YesFlag {
  readonly dryRun?: boolean
}

export const initCommand = (cli: Cli) => ({
  command: 'init',
  describe: 'Set up this project: configuration, scripts, a check in CI',
  builder: (yargs: Argv) =>
    yesOption(databaseOption(yargs), 'Write without asking')
      .usage(
        `${cli.invocation.command('init')} [options]\n\nInspect the project and write a configuration, package.json scripts and a CI workflow that fit it. Nothing that exists is replaced.`,
      )
      .option('dry-run', { type: 'boolean', default: false, describe: 'Show what would be written; write nothing' })
      .example(`${cli.invocation.command('init')} --dry-run`, 'show what would be written'),
  handler: (flags: InitFlags) =>
    cli.runUntilInterrupted(flags, (environment) => init(flags, environment, hasScripts(cli))),
})

/** Called by scripts of package.json already: there are none to add. */
const hasScripts = ({ invocation }: Cli): boolean => invocation.word('status') !== 'status'

async function init(flags: InitFlags, environment: CliEnvironment, scripted: boolean): Promise<Outcome> {
  const { config, env } = environment
  const from = config.path === undefined ? resolve(config.directory) : dirname(resolve(config.path))
  const project = await lookAt(from, env.packageManager)
  const { migrations, historyTable } = config.config
  const found = changesFor(
    scripted ? { ...project, manifest: undefined } : project,
    await histories(flags, environment, project),
    project.config === undefined ? undefined : { migrations, historyTable },
  )
  if (!flags.dryRun && found.changes.length > 0) await agree(flags, environment, found.changes)
  if (!flags.dryRun) for (const change of found.changes) write(change)
  return outcomeOf(environment, project, found, flags.dryRun ?? false)
}

/** Only of a database that is named: none is asked for, and none is started. */
async function histories(
  flags: InitFlags,
  environment: CliEnvironment,
  { drizzle }: Project,
): Promise<Histories | string | undefined> {
  const variable = drizzle?.urlVariable
  const url =
    namedDatabase(flags, environment)?.connectionString ??
    (variable === undefined ? undefined : environment.env.inherited[variable])
  if (!url) return undefined
  const configured = environment.config.config.historyTable
  return historiesIn(url, configured === undefined ? HISTORIES : [configured])
}

const HISTORIES = ['public.schema_migrations', 'migrator.schema_migrations']

async function agree({ yes }: InitFlags, environment: CliEnvironment, changes: readonly Change[]): Promise<void> {
  if (yes) return
  const what = `This writes ${changes.map(({ path }) => shown(path, process.cwd())).join(', ')}.`
  if (await agreesTo(environment, what)) return
  throw new MigratorError('CONFIRMATION_REQUIRED', what, { hint: 'Add --yes to agree; --dry-run shows the files.' })
}

function write({ path, kind, content }: Change): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content, kind === 'create' ? { flag: 'wx' } : {})
}

function outcomeOf(
  { output, env }: CliEnvironment,
  project: Project,
  { changes, kept, notes, next }: Changes,
  dryRun: boolean,
): Outcome {
  const from = env.invokedFrom ?? process.cwd()
  const name = (path: string) => shown(path, from)
  const lines = [
    describe(project, name),
    ...(changes.length > 0
      ? [dryRun ? 'Would write:' : 'Wrote:', ...changes.flatMap((change) => written(change, name, dryRun))]
      : ['Nothing to write: everything is set up.']),
    ...(kept.length > 0 ? ['Left unchanged:', ...kept.map((each) => `  ${each}`)] : []),
    ...notes.flatMap((note) => ['', output.speak(note)]),
    '',
    nextCommands(output, next),
    ...(project.directory === process.cwd() ? [] : [`Run them in ${name(project.directory)}.`]),
  ]
  const document = {
    directory: project.directory,
    packageManager: project.manager,
    dryRun,
    files: changes.map(({ path, kind, added, content }) => ({ path, kind, added, ...(dryRun ? { content } : {}) })),
    ...{ kept, notes, next: next.map(([command]) => output.speak(command)) },
  }
  // Not redacted: nothing of it comes from a connection string but the one of the CI's server.
  return { document, text: lines.join('\n'), isSpoken: true, tellsAddress: true }
}

function describe({ directory, drizzle, folder, manager }: Project, name: (path: string) => string): string {
  const what = drizzle ? `a Drizzle project (${drizzle.file})` : 'a project'
  const has =
    folder === undefined
      ? 'no migrations yet'
      : `${plural(folder.count, 'migration', 'migrations')} in ${folder.path}${folder.tool ? ` (${folder.tool})` : ''}`
  const where = name(directory)
  return `${where === '.' ? 'This' : where} is ${what} with ${manager}, ${has}.`
}

function written({ path, added, content }: Change, name: (path: string) => string, dryRun: boolean): readonly string[] {
  const line = `  ${name(path)}${added.length > 0 ? `: ${added.join(', ')}` : ''}`
  return dryRun && added.length === 0
    ? [
        line,
        ...content
          .trimEnd()
          .replace(/^(?=.)/gm, '    ')
          .split('\n'),
      ]
    : [line]
}
