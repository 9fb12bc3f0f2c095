import { expect, onTestFinished, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { module, outsidePair, type Scene, scene } from '../support/scene.ts'
import { drawn, onTerminal, seen } from '../support/terminal.ts'
import { until } from '../support/until.ts'

function typed({ project, url }: Scene, words: readonly string[]) {
  const terminal = onTerminal(words, { cwd: project.directory, columns: 100, env: { DATABASE_URL: url } })
  onTestFinished(() => terminal.kill())
  return terminal
}

const SLOW = 'SELECT pg_sleep(4);'
const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const slowUp = pair('0002_slow', `CREATE TABLE slow (id int); ${SLOW}`, 'DROP TABLE slow;')
const slowDown = pair('0002_slow', 'CREATE TABLE slow (id int);', `DROP TABLE slow; ${SLOW}`)
const slowOutside = outsidePair('0002_slow', `CREATE TABLE slow (id int); ${SLOW}`, `DROP TABLE slow; ${SLOW}`)
const slowModule = module('0002_slow', {
  up: "await db.execute('CREATE TABLE slow (id int)')",
  down: "await db.execute('DROP TABLE slow')",
  more: 'await new Promise((resolve) => setTimeout(resolve, 4_000))',
})
const slowModuleUp = module('0002_slow', {
  up: "await db.execute('CREATE TABLE slow (id int)'); await db.execute('SELECT pg_sleep(4)')",
  down: "await db.execute('DROP TABLE slow')",
})

interface Case {
  readonly words: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** Commands that have run before. */
  readonly after?: readonly (readonly string[])[]
  readonly shown: RegExp
}

const cases: readonly Case[] = [
  { words: ['migrate'], files: { ...one, ...slowUp }, shown: /… 0002_slow: \d+ s \(2 of 2\)/ },
  { words: ['migrate'], files: slowOutside, shown: /… 0002_slow: statement 2 of 2, \d+ s/ },
  { words: ['rollback'], files: slowDown, after: [['migrate']], shown: /… 0002_slow: \d+ s/ },
  {
    words: ['rollback', '--force'],
    files: slowOutside,
    after: [['migrate']],
    shown: /… 0002_slow: statement 2 of 2, /,
  },
  {
    words: ['rollback', '--preserve-data', '--force'],
    files: slowDown,
    after: [['migrate']],
    shown: /… 0002_slow: statement 2 of 2, \d+ s/,
  },
  { words: ['redo'], files: slowUp, after: [['migrate']], shown: /… 0002_slow: \d+ s/ },
  { words: ['rehearse', '--all'], files: slowUp, shown: /Trying 0002_slow up on a scratch database, statement 2 of 2/ },
  { words: ['plan'], files: { ...one, ...slowModuleUp }, shown: /Trying 0002_slow up on a scratch database/ },
  { words: ['migrate', '--dry-run'], files: slowModuleUp, shown: /Trying 0002_slow up on a scratch database/ },
  { words: ['drift'], files: slowUp, after: [['migrate']], shown: /Trying 0002_slow up on a scratch database/ },
  {
    words: ['squash', '--to', '0002_slow'],
    files: { ...one, ...slowUp },
    shown: /Trying 000._\w+ up on a scratch database/,
  },
  { words: ['validate'], files: { ...one, ...slowModule }, shown: /Loading 0002_slow \(2 of 2\)/ },
  { words: ['status'], files: slowModule, shown: /Loading 0002_slow|Working on / },
]

test.each(cases)('$words shows what it is doing when that takes long', async ({ words, files, after = [], shown }) => {
  const place = await scene(files)
  for (const command of after) expect(await place.project.run(command)).toMatchObject({ code: 0 })
  const { received } = await typed(place, words).finished
  expect(drawn(received).join('\n')).toMatch(shown)
  expect(seen(received)).not.toContain('…')
})

const TABLES = ['--backup', 'tables']

interface Waiting {
  readonly words: readonly string[]
  readonly locked: string
  readonly shown: RegExp
}

test.each<Waiting>([
  { words: ['baseline', '--from-database'], locked: 'pg_catalog.pg_trigger', shown: /Reading the schema of \w+/ },
  { words: ['snapshot', 'create', ...TABLES], locked: 'people', shown: /Taking a backup: tables/ },
])('$words shows what it is doing while a table keeps it waiting', async ({ words, locked, shown }) => {
  const place = await scene({}, { standing: 'CREATE TABLE people AS SELECT 1 AS id;' })
  await isShownWhile(place, words, { locked, shown })
})

test('restore shows what it is doing while a table keeps it waiting', async () => {
  const place = await scene({}, { standing: 'CREATE TABLE people AS SELECT 1 AS id;' })
  const made = await place.project.run(['snapshot', 'create', ...TABLES, '--json'])
  const { id } = (made.json() as unknown as { backup: { id: string } }).backup
  const shown = new RegExp(`Restoring ${id} \\(tables\\)`)
  await isShownWhile(place, ['restore', id, '--in-place', '--yes'], { locked: 'people', shown })
})

async function isShownWhile(place: Scene, words: readonly string[], { locked, shown }: Omit<Waiting, 'words'>) {
  await place.db.sql.begin(async (sql) => {
    await sql.unsafe(`LOCK TABLE ${locked}`)
    const terminal = typed(place, words)
    await until('it is shown', async () => shown.test(drawn(terminal.received()).join('\n')) || undefined, 20_000)
    terminal.kill()
  })
}
