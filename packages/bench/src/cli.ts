import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../../migrator/test/support/built.ts'
import type { Bench } from './bench.ts'
import { factsOf } from './facts.ts'
import { CommandFailed } from './process.ts'
import { findPsql } from './programs.ts'
import { writeReport } from './report.ts'
import type { Section } from './result.ts'
import { applySection } from './sections/apply.ts'
import { catalogSection } from './sections/catalog.ts'
import { farAwaySection } from './sections/far-away.ts'
import { growthSection } from './sections/growth.ts'
import { largeFileSection } from './sections/large-file.ts'
import { modulesSection } from './sections/modules.ts'
import { noOpSection } from './sections/no-op.ts'
import { rehearsalSection } from './sections/rehearsal.ts'
import { rollbackSection } from './sections/rollback.ts'
import { statusSection } from './sections/status.ts'
import { tablesBackupSection } from './sections/tables-backup.ts'
import { type Server, startServer } from './server.ts'
import { sectionText } from './table.ts'
import { temporaryFolder } from './temporary.ts'

const SECTIONS: Readonly<Record<string, (bench: Bench) => Promise<Section>>> = {
  apply: applySection,
  'far-away': farAwaySection,
  'large-file': largeFileSection,
  rollback: rollbackSection,
  status: statusSection,
  'no-op': noOpSection,
  growth: growthSection,
  modules: modulesSection,
  'tables-backup': tablesBackupSection,
  catalog: catalogSection,
  rehearsal: rehearsalSection,
}

const HELP = `pnpm bench [--quick] [--rounds N] [--only ${Object.keys(SECTIONS).join(',')}] [--write]

Measures the migrator beside psql and other tools, on a PostgreSQL of its own. A missed target is shown, and is no
failure: the exit code is 0 unless a command failed. --write writes docs/benchmarks.md.
`

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(HELP)
else {
  await main().catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
}

async function main(): Promise<void> {
  const chosen = values.only?.split(',') ?? Object.keys(SECTIONS)
  const unknown = chosen.filter((name) => !SECTIONS[name])
  if (unknown.length > 0) throw new Error(`There is no section ${unknown.join(', ')}.\n${HELP}`)
  const scratch = temporaryFolder()
  const server = await startServer(scratch)
  const cleanUp = async () => {
    await server.stop()
    await rm(scratch, { recursive: true, force: true })
  }
  process.once('SIGINT', () => {
    process.exitCode = 130
    // What runs fails with its server gone; the end of that is the end of this.
    void cleanUp()
  })
  try {
    // kysely's migrations are modules that import kysely.
    await symlink(join(import.meta.dirname, '../node_modules'), join(scratch, 'node_modules'))
    await measure(server, scratch, chosen)
  } finally {
    await cleanUp()
  }
}

async function measure(server: Server, scratch: string, chosen: readonly string[]): Promise<void> {
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 7))
  const bench: Bench = {
    server,
    scratch,
    rounds,
    psql: findPsql(),
    builtBin: build(join(scratch, 'built')),
    size: values.quick ? 'quick' : 'full',
    onProgress,
  }
  const facts = factsOf(bench)
  print(`${facts.join('\n')}\n`)
  const sections: Section[] = []
  for (const name of chosen) {
    const section = await SECTIONS[name]?.(bench)
    if (!section) continue
    sections.push(section)
    print(`${sectionText(section)}\n`)
  }
  if (values.write) writeReport(facts, sections)
}

function print(text: string): void {
  onProgress('')
  process.stdout.write(`${text}\n`)
}

/** One line that is written over, on a terminal only. */
function onProgress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${message}`)
}
