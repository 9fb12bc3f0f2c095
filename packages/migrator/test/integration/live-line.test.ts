import { expect, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { pair, threeTables } from '../support/cli.ts'
import { type Scene, scene } from '../support/scene.ts'
import { drawn, onTerminal, seen, type TerminalOptions } from '../support/terminal.ts'
import { until } from '../support/until.ts'

type Options = Omit<TerminalOptions, 'cwd' | 'env'> & { readonly env?: Readonly<Record<string, string>> }

function typed({ project, url }: Scene, words: readonly string[], { env = {}, ...options }: Options = {}) {
  const terminal = onTerminal(words, { cwd: project.directory, env: { DATABASE_URL: url, ...env }, ...options })
  onTestFinished(() => terminal.kill())
  return terminal
}

/** Keeps the run lock until the test lets it go. */
async function lockHeld({ url }: Scene) {
  const adapter = new PostgresAdapter({ connectionString: url })
  onTestFinished(() => adapter.close())
  const lock = await adapter.tryRunLock()
  if (!lock) throw new Error('the lock is not free')
  return lock
}

const WAITING = /^ {2}… Waiting up to 60 s for the run lock.* {2}(\d+) s$/

test.each([80, 34])(
  'waiting for the run lock is shown with the time, in one line of a terminal of %i columns',
  async (columns) => {
    const place = await scene(threeTables())
    const lock = await lockHeld(place)
    const terminal = typed(place, ['migrate', '--lock-wait', '60s'], { columns })
    const waiting = columns === 80 ? WAITING : /^ {2}… Waiting up to 60 s.*… {2}(\d+) s$/
    await until('the line was drawn twice', async () => {
      const times = drawn(terminal.received()).flatMap((text) => waiting.exec(text)?.[1] ?? [])
      return new Set(times).size >= 2 || undefined
    })
    await lock.release()
    const { code, received } = await terminal.finished
    expect(code).toBe(0)
    for (const text of drawn(received).filter((each) => waiting.test(each)))
      expect(text.length).toBeLessThanOrEqual(columns - 1)
    expect(seen(received)).not.toContain('…')
    expect(seen(received)).toContain('✓ 0003_three')
  },
)

test('a rehearsal says which migration it tries', async () => {
  const slow = pair('0002_slow', 'CREATE TABLE slow (id int); SELECT pg_sleep(4);', 'DROP TABLE slow;')
  const place = await scene({ ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'), ...slow })
  const { code, received } = await typed(place, ['rehearse', '--all']).finished
  expect(code).toBe(0)
  expect(drawn(received).join('\n')).toMatch(/ {2}… Trying 0002_slow up on a scratch database {2}\d+ s/)
  expect(seen(received)).not.toContain('…')
})

test('a command that hangs on the database says so', async () => {
  const place = await scene(threeTables())
  expect((await place.project.run(['migrate'])).code).toBe(0)
  await place.db.sql.begin(async (sql) => {
    await sql`LOCK TABLE schema_migrations`
    const terminal = typed(place, ['status'])
    await until('the line is there', async () => {
      const where = `Working on ${place.db.name} at `
      return drawn(terminal.received()).some((text) => text.includes(where)) || undefined
    })
    terminal.kill()
  })
})

test.each<readonly [string, readonly string[], Readonly<Record<string, string>>]>([
  ['--json', ['--json'], {}],
  ['TERM=dumb', [], { TERM: 'dumb' }],
])('nothing is drawn with %s', async (_, more, env) => {
  const slow = pair('0001_slow', 'CREATE TABLE slow (id int); SELECT pg_sleep(3);', 'DROP TABLE slow;')
  const { code, received } = await typed(await scene(slow), ['rehearse', '--all', ...more], { env }).finished
  expect(code).toBe(0)
  expect(received).not.toContain('\u001b[2K')
})

test('nothing is drawn into a pipe', async () => {
  const slow = pair('0001_slow', 'CREATE TABLE slow (id int); SELECT pg_sleep(3);', 'DROP TABLE slow;')
  const { project } = await scene(slow)
  const { code, stdout, stderr } = await project.run(['rehearse', '--all'])
  expect(code).toBe(0)
  expect(stdout + stderr).not.toContain('\u001b')
})
