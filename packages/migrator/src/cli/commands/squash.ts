import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Argv } from 'yargs'
import { invalidFiles } from '../../core/file-problem.ts'
import type { Migration } from '../../core/migration.ts'
import { plural } from '../../core/plural.ts'
import type { SquashedScript } from '../../core/squash.ts'
import { squash } from '../../engine/rehearse/squash.ts'
import { MigratorError } from '../../errors.ts'
import { readLockFile, writeLockFile } from '../../load/lock-file.ts'
import type { Cli } from '../command.ts'
import { namedDatabase } from '../database.ts'
import { migrationsDirectoryOf, readMigrationSet } from '../migration-set.ts'
import { type CommonFlags, migrationsOption } from '../options.ts'
import { nextCommands } from '../output.ts'
import { withScratch } from '../scratch.ts'
import { SCRATCH_URL, type ScratchFlags } from '../scratch-options.ts'
import { invalid } from '../values.ts'
import { loadAside } from './load-aside.ts'
import { readName } from './new.ts'

interface SquashFlags extends CommonFlags, ScratchFlags {
  readonly to?: string
  readonly name?: string
  readonly delete?: boolean
  readonly dryRun?: boolean
}

export const squashCommand = (cli: Cli) => ({
  command: 'squash',
  describe: 'Replace the first migrations, up to and including --to ID, by one',
  builder: (yargs: Argv) =>
    migrationsOption(yargs)
      .usage(
        `${cli.invocation.command('squash')} --to ID [options]\n\nReplace the first migrations by one that is proven to make the same schema. Databases that have all of them have it.`,
      )
      .option('to', { type: 'string', requiresArg: true, describe: 'The last migration to replace' })
      .option('name', { type: 'string', requiresArg: true, describe: 'Name of the new migration (default: squashed)' })
      .option('delete', {
        type: 'boolean',
        default: false,
        describe: 'Delete the replaced files (default: move them to squashed/)',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Show what would happen; change nothing' })
      .option('scratch-url', SCRATCH_URL)
      .example(`${cli.invocation.command('squash')} --to 0042_invoices --dry-run`, 'prove it; change nothing'),
  handler: (flags: SquashFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const { to, dryRun = false } = flags
      if (!to) throw invalid('Name the last migration to replace: squash --to ID.')
      const set = readMigrationSet(flags, environment)
      const directory = migrationsDirectoryOf(flags, environment)
      const id = `${/^\d+/.exec(to)?.[0] ?? ''}_${readName(flags.name ?? 'squashed')}`
      const live = namedDatabase(flags, environment)?.connectionString
      const report = await squash(
        set,
        to,
        (script) => loadSquashed(id, script),
        (work) => withScratch(flags, environment, live, work),
      )
      const { replaced, script, proof } = report
      const old = filesOf(directory, replaced)
      const [names, texts] = filesFor(id, script)
      if (!dryRun) {
        replaceFiles({ directory, id, old, names, texts, fate: flags.delete ? 'delete' : 'move' })
        await forgetCertificates(directory, replaced)
      }
      const paths = names.map((name) => join(directory, name))
      const fate = flags.delete ? 'deleted' : `moved to ${shownAt(join(directory, SQUASHED, id))}`
      const lines = [
        `${dryRun ? 'Would write' : 'Wrote'} ${paths.map(shownAt).join(', ')}`,
        `in place of ${plural(replaced.length, 'migration', 'migrations')}, ${replaced[0]} to ${to}; their files ${dryRun ? 'would be' : 'are'} ${fate}.`,
        `Proven on ${proof.server}: it makes the same schema${script.down === undefined ? '' : ', and its down removes all of it'}.`,
        ...(dryRun ? [] : ['', nextCommands(environment.output, NEXT)]),
      ]
      const document = {
        id,
        files: paths,
        replaced,
        moved: flags.delete ? null : join(directory, SQUASHED, id),
        dryRun,
      }
      return { document: { ...document, provenOn: proof.server }, text: lines.join('\n') }

      function shownAt(path: string): string {
        return relative(environment.env.invokedFrom ?? process.cwd(), path)
      }
    }),
})

/** No format takes a folder for migrations whose name begins with a letter. */
const SQUASHED = 'squashed'

const NEXT = [
  ['db:migrate', 'record it in a database that has the replaced ones'],
  ['db:rehearse --all --write', 'certify it'],
] as const

function filesFor(id: string, { up, down }: SquashedScript): readonly [readonly string[], readonly string[]] {
  if (down === undefined) return [[`${id}.up.sql`], [up]]
  return [
    [`${id}.up.sql`, `${id}.down.sql`],
    [up, down],
  ]
}

async function loadSquashed(id: string, script: SquashedScript): Promise<Migration> {
  const { migration, problems } = await loadAside(...filesFor(id, script))
  if (!migration) throw invalidFiles(problems)
  return migration
}

/** Seeds go with their migrations. */
function filesOf(directory: string, ids: readonly string[]): readonly string[] {
  const names = new Set(ids.flatMap((id) => ['up', 'down', 'seed'].map((part) => `${id}.${part}.sql`)))
  return readdirSync(directory).filter((name) => names.has(name))
}

interface Replacing {
  readonly directory: string
  readonly id: string
  readonly old: readonly string[]
  readonly names: readonly string[]
  readonly texts: readonly string[]
  readonly fate: 'move' | 'delete'
}

/** The old files are moved first and deleted last: whatever fails in between, they are put back. */
function replaceFiles({ directory, id, old, names, texts, fate }: Replacing): void {
  const aside = join(directory, SQUASHED, id)
  const moved: string[] = []
  const written: string[] = []
  try {
    mkdirSync(aside, { recursive: true })
    for (const name of old) {
      renameSync(join(directory, name), join(aside, name))
      moved.push(name)
    }
    for (const [at, name] of names.entries()) {
      writeFileSync(join(directory, name), texts[at] ?? '', { flag: 'wx' })
      written.push(name)
    }
  } catch (cause) {
    for (const name of written) rmSync(join(directory, name), { force: true })
    for (const name of moved) renameSync(join(aside, name), join(directory, name))
    throw new MigratorError(
      'MIGRATIONS_DIRECTORY_MISSING',
      `The files of ${directory} cannot be replaced: ${(cause as Error).message}.`,
      { cause },
    )
  }
  if (fate === 'delete') rmSync(aside, { recursive: true })
}

async function forgetCertificates(directory: string, ids: readonly string[]): Promise<void> {
  const certificates = readLockFile(directory)
  const kept = new Map([...certificates].filter(([id]) => !ids.includes(id)))
  if (kept.size < certificates.size) await writeLockFile(directory, kept)
}
