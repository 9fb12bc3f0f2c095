import { describe, expect, test } from 'vitest'
import { type Document, pair } from '../support/cli.ts'
import { historyOf, nobodySleeps, sleeping } from '../support/observe.ts'
import { hurry, outsidePair, SLEEP, saidBy, scene } from '../support/scene.ts'

describe('a dirty migration', () => {
  const up = `CREATE TABLE two (id int);\n${SLEEP};\nCREATE TABLE two_more (id int);\n`
  const files = {
    ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;'),
    ...outsidePair('0002_two', up, 'DROP TABLE two_more;\nDROP TABLE two;\n'),
    ...pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;'),
  }

  async function killedHalfWay() {
    const made = await scene(files)
    const running = made.project.start(['migrate'])
    await sleeping(made.db)
    running.process.kill('SIGKILL')
    await running.finished
    await hurry(made.db)
    await nobodySleeps(made.db)
    return made
  }

  const told = ({ steps, recovered }: Document) => ({
    recovered,
    steps: steps
      .filter(({ by, direction }) => by !== 'recovery' || direction === 'down')
      .map(({ id, by }) => `${by} ${id}`),
  })

  test.each([['--steps', '1'], ['--steps', '2'], ['--target', '0002_two'], []])(
    'is recovered first, in the dry run as in the run: migrate %s %s',
    async (...words) => {
      const { db, project } = await killedHalfWay()
      const shown = (await project.run(['migrate', ...words, '--dry-run', '--json'])).json()
      expect(shown.recovered).toEqual(['0002_two'])
      expect(shown.steps[0]).toMatchObject({ id: '0002_two', direction: 'down', by: 'recovery' })
      expect(shown.steps[0]?.sql).toContain('DROP TABLE two_more')
      expect(await historyOf(db)).toEqual(['0001_one', '0002_two dirty'])
      const ran = (await project.run(['migrate', ...words, '--json'])).json()
      expect(ran.recovered).toEqual(shown.recovered)
      expect(ran.steps.map(({ id }) => id)).toEqual(shown.steps.slice(1).map(({ id }) => id))
    },
  )

  test('is a step of a rollback, in the dry run as in the run', async () => {
    const { project } = await killedHalfWay()
    const shown = (await project.run(['rollback', '--steps', '2', '--force', '--dry-run', '--json'])).json()
    const ran = (await project.run(['rollback', '--steps', '2', '--force', '--json'])).json()
    expect(told(ran)).toEqual(told(shown))
    expect(told(shown).steps).toEqual(['recovery 0002_two', 'file 0001_one'])
  })

  test('is told to people and in plans, and refused where recovering is', async () => {
    const { project } = await killedHalfWay()
    const text = (await project.run(['migrate', '--dry-run'])).stdout
    expect(text).toContain('Would recover 1 migration and apply 2 migrations')
    expect(text).toContain('a recovery looks at what is there')
    for (const format of ['text', 'markdown', 'json', 'html']) {
      const plan = await project.run(['plan', '--format', format])
      expect(plan.stdout, saidBy(plan)).toMatch(/recover/i)
    }
    const refused = await project.run(['migrate', '--dry-run', '--no-auto-recover', '--json'])
    expect(refused.code, saidBy(refused)).toBe(3)
    expect(refused.json().error.code).toBe('MIGRATION_DIRTY')
  })
})
