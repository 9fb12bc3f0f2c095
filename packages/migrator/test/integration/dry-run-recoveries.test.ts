import { describe, expect, test } from 'vitest'
import { type Document, pair } from '../support/cli.ts'
import { historyOf, nobodySleeps, sleeping } from '../support/observe.ts'
import { hurry, outsidePair, type Scene, SLEEP, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')
const UP = 'CREATE TABLE two (id int);\nCREATE TABLE two_more (id int);'
const DOWN = 'DROP TABLE two_more;\nDROP TABLE two;'
const slow = (sql: string) => sql.replace('\n', () => `\n${SLEEP};\n`)
const dirtyUp = { ...one, ...outsidePair('0002_two', slow(UP), DOWN), ...three }
const dirtyDown = { ...one, ...outsidePair('0002_two', UP, slow(DOWN)), ...three }

async function killedIn(words: readonly string[], made: Scene, dirty = '0002_two'): Promise<Scene> {
  const running = made.project.start(words)
  await sleeping(made.db)
  running.process.kill('SIGKILL')
  await running.finished
  await hurry(made.db)
  await nobodySleeps(made.db)
  expect(await historyOf(made.db)).toEqual(['0001_one', `${dirty} dirty`])
  return made
}

const killedUp = async (files: Record<string, string> = dirtyUp, dirty?: string) =>
  killedIn(['migrate'], await scene(files), dirty)

async function killedDown(): Promise<Scene> {
  const made = await scene(dirtyDown)
  expect((await made.project.run(['migrate'])).code).toBe(0)
  return killedIn(['rollback', '--steps', '2'], made)
}

const stepsOf = ({ steps }: Document) => steps.map(({ id, direction, by }) => `${direction} ${id} by ${by}`)

/** A run up reports its recoveries in `recovered` alone. */
const aheadOf = (recovered: readonly string[]) => recovered.map((id) => `down ${id} by recovery`)

const UPS = [['--steps', '1'], ['--target', '0002_two'], []].map((words) => ['migrate', ...words])
const DOWNS = [
  ['--steps', '1'],
  ['--target', '0001_one'],
  ['--all', '--force'],
].map((words) => ['rollback', ...words])

describe.each([
  { dirty: 'up', made: () => killedUp() },
  { dirty: 'down', made: killedDown },
])('with a killed $dirty the run does what its dry run showed', ({ made }) => {
  test.each([...UPS, ...DOWNS].map((words) => ({ words, said: words.join(' ') })))('$said', async ({ words }) => {
    const { db, project } = await made()
    const shown = (await project.run([...words, '--dry-run', '--json'])).json()
    expect(shown.steps[0]).toMatchObject({ id: '0002_two', direction: 'down', by: 'recovery' })
    expect(shown.steps[0]?.sql).toContain('DROP TABLE two_more')
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
    const finished = await project.run([...words, '--json'])
    expect(finished.code, saidBy(finished)).toBe(0)
    const ran = finished.json()
    expect(stepsOf(shown)).toEqual([...aheadOf(ran.recovered), ...stepsOf(ran)])
    expect(shown.recovered).toEqual(ran.recovered)
  })

  test.each([
    { words: ['--target', '0002_two'], steps: ['↓ 0002_two', '↑ 0002_two'] },
    { words: ['--down'], steps: ['↓ 0002_two'] },
  ])('plan $words shows the same steps in its four formats', async ({ words, steps }) => {
    const { project } = await made()
    const found: string[][] = []
    for (const [format, pattern] of Object.entries(STEP_IN)) {
      const { stdout } = await project.run(['plan', ...words, '--format', format])
      found.push([...stdout.matchAll(pattern)].map(([, arrow, id]) => `${arrow} ${id}`))
      expect(stdout).toMatch(/recovered/)
    }
    const { stdout: json } = await project.run(['plan', ...words, '--json'])
    const planned: readonly { direction: string; id: string }[] = JSON.parse(json).steps
    found.push(planned.map(({ direction, id }) => `${direction === 'up' ? '↑' : '↓'} ${id}`))
    expect(found).toEqual(['text', 'markdown', 'html', 'json'].map(() => steps))
  })
})

/** Where each format names the steps. */
const STEP_IN = {
  text: /^([↑↓]) (\w+)/gm,
  markdown: /^\| ([↑↓]) `(\w+)`/gm,
  html: /<h2>([↑↓]) (\w+)/g,
} as const

describe('a dry run refuses what the run refuses', () => {
  const edited = { 'migrations/0001_one.up.sql': 'CREATE TABLE one (id bigint);' }
  test.each([
    { why: 'recovering was not asked for', words: ['migrate', '--no-auto-recover'], code: 'MIGRATION_DIRTY' },
    {
      why: 'an applied file was edited',
      words: ['migrate', '--no-auto-recover'],
      edit: edited,
      code: 'CHECKSUM_MISMATCH',
    },
    { why: 'data of a dirty one cannot be kept', words: ['rollback', '--preserve-data'], code: 'MIGRATION_DIRTY' },
  ])('$code: $why', async ({ words, edit = {}, code }) => {
    const { db, project } = await killedUp()
    await project.write(edit)
    const shown = await project.run([...words, '--dry-run', '--json'])
    const ran = await project.run([...words, '--json'])
    expect(ran.json().error.code, saidBy(ran)).toBe(code)
    expect(shown.json().error).toEqual(ran.json().error)
    expect(shown.code).toBe(ran.code)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
  })
})

test('one that is new below the dirty one is no longer out of order once that is recovered', async () => {
  const { project } = await killedUp({ ...one, ...outsidePair('0003_three', slow(UP), DOWN) }, '0003_three')
  await project.write(pair('0002_new', 'CREATE TABLE new (id int);', 'DROP TABLE new;'))
  const shown = (await project.run(['migrate', '--dry-run', '--json'])).json()
  const ran = (await project.run(['migrate', '--json'])).json()
  expect(ran.steps.map(({ id }) => id)).toEqual(['0002_new', '0003_three'])
  expect(stepsOf(shown)).toEqual([...aheadOf(ran.recovered), ...stepsOf(ran)])
})

test('what a live run holds is a notice, not a recovery', async () => {
  const { db, project } = await scene(dirtyUp)
  const running = project.start(['migrate'])
  await sleeping(db)
  const shown = (await project.run(['migrate', '--dry-run', '--json'])).json()
  expect(stepsOf(shown)).toEqual(['up 0003_three by file'])
  expect(shown.recovered).toEqual([])
  expect(shown.notices.join()).toMatch(/0002_two: another run is working on it/)
  await hurry(db)
  expect((await running.finished).code).toBe(0)
})

test('a person sees how many are recovered and how many applied, and how the SQL of a recovery is decided', async () => {
  const { project } = await killedUp()
  const { stdout } = await project.run(['migrate', '--dry-run'])
  expect(stdout).toContain('Would recover 1 migration and apply 2 migrations')
  expect(stdout).toContain('a recovery inspects the database when it runs')
})
